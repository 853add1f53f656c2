import { intAttribute, intsAttribute, stringAttribute, type Dim, type NetworkNode, type Shape } from '../network'
import { contradiction, shown, unknownDim, volume, type OpRow, type ShapeContext } from './row'

/** Explicit [begin…, end…] padding of a sliding-window op, auto_pad resolved against the input (ONNX Conv spec). */
export function resolvePads(node: NetworkNode, input: Shape, kernel: readonly number[]): number[] {
  const rank = kernel.length
  const auto = stringAttribute(node, 'auto_pad', 'NOTSET')
  if (auto === 'NOTSET' || auto === '') return [...intsAttribute(node, 'pads', new Array<number>(2 * rank).fill(0))]
  if (auto === 'VALID') return new Array<number>(2 * rank).fill(0)
  const { strides, dilations } = stepsOf(node, rank)
  const begin: number[] = []
  const end: number[] = []
  for (let i = 0; i < rank; i++) {
    const size = Number(input[i + 2])
    const out = Math.ceil(size / strides[i]!)
    const total = Math.max(0, (out - 1) * strides[i]! + (kernel[i]! - 1) * dilations[i]! + 1 - size)
    const low = auto === 'SAME_UPPER' ? Math.floor(total / 2) : Math.ceil(total / 2)
    begin.push(low)
    end.push(total - low)
  }
  return [...begin, ...end]
}

function stepsOf(node: NetworkNode, rank: number): { strides: readonly number[]; dilations: readonly number[] } {
  const strides = intsAttribute(node, 'strides', new Array<number>(rank).fill(1))
  const dilations = intsAttribute(node, 'dilations', new Array<number>(rank).fill(1))
  for (const [name, values] of Object.entries({ strides, dilations }))
    if (values.length !== rank || values.some((v) => v < 1))
      throw contradiction(node, `its ${name} [${values.join(', ')}] do not go with a kernel of ${rank} axes`)
  return { strides, dilations }
}

/** @throws LupineError 'onnx-shape' when the input does not have two axes more than the kernel */
function checkRank(node: NetworkNode, input: Shape, kernel: readonly number[]): void {
  if (input.length !== kernel.length + 2)
    throw contradiction(node, `its kernel has ${kernel.length} axes, its input ${shown(input)} ${input.length}`)
  if (kernel.some((k) => !(k >= 1))) throw contradiction(node, `its kernel has the size [${kernel.join(', ')}]`)
}

function windowDims(node: NetworkNode, input: Shape, kernel: readonly number[]): Dim[] {
  checkRank(node, input, kernel)
  const rank = kernel.length
  const { strides, dilations } = stepsOf(node, rank)
  const pads = resolvePads(node, input, kernel)
  if (pads.length !== 2 * rank) throw contradiction(node, `its pads [${pads.join(', ')}] are not two per axis`)
  const ceil = intAttribute(node, 'ceil_mode', 0) === 1
  return kernel.map((k, i) => {
    const size = input[i + 2]
    if (typeof size !== 'number') return unknownDim(node, i + 2)
    const padded = size + pads[i]! + pads[i + rank]! - (k - 1) * dilations[i]! - 1
    if (padded < 0)
      throw contradiction(node, `its kernel [${kernel.join(', ')}] is larger than its input ${shown(input)}`)
    const steps = padded / strides[i]!
    if (!ceil) return Math.floor(steps) + 1
    // The last window must begin inside the input or the padding before it (as onnxruntime and PyTorch have it).
    const count = Math.ceil(steps) + 1
    return (count - 1) * strides[i]! >= size + pads[i]! ? count - 1 : count
  })
}

/** Weight [M, C/group, k…] (Conv) or [C, M/group, k…] (ConvTranspose). @throws LupineError 'onnx-shape' */
function checkedWeight(node: NetworkNode, context: ShapeContext, input: Shape): number[] | undefined {
  const shape = context.shape(node.inputs[1])
  if (!shape?.every((dim) => typeof dim === 'number')) return undefined
  const weight = [...shape]
  const group = intAttribute(node, 'group', 1)
  checkRank(node, input, weight.slice(2))
  const expected = node.op === 'Conv' ? weight[1]! * group : weight[0]!
  const channels = input[1]
  if (typeof channels === 'number' && channels !== expected)
    throw contradiction(
      node,
      `its weight ${shown(weight)} wants ${expected} channels, its input ${shown(input)} has ${channels}`,
    )
  if (group < 1 || weight[0]! % group !== 0)
    throw contradiction(node, `its weight ${shown(weight)} does not divide into ${group} groups`)
  const outputs = node.op === 'Conv' ? weight[0]! : weight[1]! * group
  const bias = context.shape(node.inputs[2])
  if (bias && (bias.length !== 1 || bias[0] !== outputs))
    throw contradiction(node, `its bias has shape ${shown(bias)} for ${outputs} filters`)
  return weight
}

function convTranspose(node: NetworkNode, context: ShapeContext): (Shape | undefined)[] {
  const input = context.shape(node.inputs[0])
  const weight = input && checkedWeight(node, context, input)
  if (!input || !weight) return [undefined]
  const kernel = weight.slice(2)
  const rank = kernel.length
  const { strides, dilations } = stepsOf(node, rank)
  const extra = intsAttribute(node, 'output_padding', new Array<number>(rank).fill(0))
  const pads = intsAttribute(node, 'pads', new Array<number>(2 * rank).fill(0))
  const given = intsAttribute(node, 'output_shape', [])
  const same = stringAttribute(node, 'auto_pad', 'NOTSET').startsWith('SAME')
  const dims = kernel.map((k, i) => {
    const size = input[i + 2]
    if (given.length >= rank) return given[given.length - rank + i]!
    if (typeof size !== 'number') return unknownDim(node, i + 2)
    if (same) return size * strides[i]!
    return strides[i]! * (size - 1) + extra[i]! + (k - 1) * dilations[i]! + 1 - pads[i]! - pads[i + rank]!
  })
  return [[input[0]!, weight[1]! * intAttribute(node, 'group', 1), ...dims]]
}

export const windowOps: Readonly<Record<string, OpRow>> = {
  Conv: {
    shape(node, context) {
      const input = context.shape(node.inputs[0])
      const weight = input && checkedWeight(node, context, input)
      return [input && weight && [input[0]!, weight[0]!, ...windowDims(node, input, weight.slice(2))]]
    },
    // One MAC per weight of a filter and output position; a bias is not counted.
    macs: (_node, [, weight], [output]) => volume(weight, 1) * volume(output, 1),
  },
  ConvTranspose: {
    shape: convTranspose,
    macs: (_node, [input, weight]) => volume(weight, 1) * volume(input, 1),
  },
  MaxPool: { shape: pool },
  AveragePool: { shape: pool },
  LpPool: { shape: pool },
  GlobalAveragePool: { shape: globalPool },
  GlobalMaxPool: { shape: globalPool },
  GlobalLpPool: { shape: globalPool },
}

function pool(node: NetworkNode, context: ShapeContext): (Shape | undefined)[] {
  const input = context.shape(node.inputs[0])
  if (!input) return [undefined]
  const shape = [input[0]!, input[1]!, ...windowDims(node, input, intsAttribute(node, 'kernel_shape', []))]
  // MaxPool's second output: where the largest values were.
  return node.outputs.map(() => shape)
}

function globalPool(node: NetworkNode, context: ShapeContext): (Shape | undefined)[] {
  const input = context.shape(node.inputs[0])
  if (input && input.length < 3) throw contradiction(node, `its input ${shown(input)} has nothing to pool over`)
  return [input ? [input[0]!, input[1]!, ...input.slice(2).map(() => 1)] : undefined]
}
