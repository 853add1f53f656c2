import { intAttribute, intsAttribute, stringAttribute, type Dim, type NetworkNode, type Shape } from '../network'
import { volume, type OpRow, type ShapeContext } from './row'

/** Explicit [begin…, end…] padding of a sliding-window op, auto_pad resolved against the input (ONNX Conv spec). */
export function resolvePads(node: NetworkNode, input: Shape, kernel: readonly number[]): number[] {
  const rank = kernel.length
  const auto = stringAttribute(node, 'auto_pad', 'NOTSET')
  if (auto === 'NOTSET' || auto === '') return [...intsAttribute(node, 'pads', new Array<number>(2 * rank).fill(0))]
  if (auto === 'VALID') return new Array<number>(2 * rank).fill(0)
  const strides = intsAttribute(node, 'strides', new Array<number>(rank).fill(1))
  const dilations = intsAttribute(node, 'dilations', new Array<number>(rank).fill(1))
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

function windowDims(node: NetworkNode, input: Shape, kernel: readonly number[]): Dim[] {
  const rank = kernel.length
  const strides = intsAttribute(node, 'strides', new Array<number>(rank).fill(1))
  const dilations = intsAttribute(node, 'dilations', new Array<number>(rank).fill(1))
  const pads = resolvePads(node, input, kernel)
  const round = intAttribute(node, 'ceil_mode', 0) ? Math.ceil : Math.floor
  return kernel.map((k, i) => {
    const size = input[i + 2]
    if (typeof size !== 'number') return `${node.name}_${i + 2}`
    const padded = size + pads[i]! + pads[i + rank]! - (k - 1) * dilations[i]! - 1
    return round(padded / strides[i]!) + 1
  })
}

/** Kernel sizes of a convolution, from the attribute or the weight [M, C/group, k…]. */
function convKernel(node: NetworkNode, context: ShapeContext): number[] | undefined {
  const weight = context.shape(node.inputs[1])
  return weight?.slice(2).map(Number)
}

export const windowOps: Record<string, OpRow> = {
  Conv: {
    shape(node, context) {
      const input = context.shape(node.inputs[0])
      const weight = context.shape(node.inputs[1])
      const kernel = convKernel(node, context)
      if (!input || !weight || !kernel) return [undefined]
      return [[input[0]!, weight[0]!, ...windowDims(node, input, kernel)]]
    },
    // One MAC per weight of a filter and output position; a bias is not counted.
    macs: (_node, [, weight], [output]) => volume(weight, 1) * volume(output, 1),
  },
  ConvTranspose: {
    shape(node, context) {
      const input = context.shape(node.inputs[0])
      const weight = context.shape(node.inputs[1])
      if (!input || !weight) return [undefined]
      const kernel = weight.slice(2).map(Number)
      const rank = kernel.length
      const strides = intsAttribute(node, 'strides', new Array<number>(rank).fill(1))
      const dilations = intsAttribute(node, 'dilations', new Array<number>(rank).fill(1))
      const extra = intsAttribute(node, 'output_padding', new Array<number>(rank).fill(0))
      const pads = intsAttribute(node, 'pads', new Array<number>(2 * rank).fill(0))
      const given = intsAttribute(node, 'output_shape', [])
      const dims = kernel.map((k, i) => {
        const size = input[i + 2]
        if (given.length === rank) return given[i]!
        if (typeof size !== 'number') return `${node.name}_${i + 2}`
        return strides[i]! * (size - 1) + extra[i]! + (k - 1) * dilations[i]! + 1 - pads[i]! - pads[i + rank]!
      })
      return [[input[0]!, Number(weight[1]) * intAttribute(node, 'group', 1), ...dims]]
    },
    macs: (_node, [input, weight]) => volume(weight, 1) * volume(input, 1),
  },
  MaxPool: { shape: pool },
  AveragePool: { shape: pool },
  GlobalAveragePool: { shape: globalPool },
  GlobalMaxPool: { shape: globalPool },
}

function pool(node: NetworkNode, context: ShapeContext): (Shape | undefined)[] {
  const input = context.shape(node.inputs[0])
  const kernel = intsAttribute(node, 'kernel_shape', [])
  return [input ? [input[0]!, input[1]!, ...windowDims(node, input, kernel)] : undefined]
}

function globalPool(node: NetworkNode, context: ShapeContext): (Shape | undefined)[] {
  const input = context.shape(node.inputs[0])
  return [input ? [input[0]!, input[1]!, ...input.slice(2).map(() => 1)] : undefined]
}
