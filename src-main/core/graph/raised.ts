import { intAttribute, intsAttribute, stringAttribute, type AttributeValue, type NetworkNode } from './network'
import { normalizeAxis } from './ops/row'
import { tensorOf } from './tensors'
import type { RewriteContext } from './rewrite-context'

/** Attributes that became inputs by opset 13, in input order. ReduceMean's axes stayed an attribute until 18. */
const moved: Readonly<Record<string, readonly string[]>> = {
  Slice: ['starts', 'ends', 'axes'],
  Pad: ['pads', 'value'],
  Clip: ['min', 'max'],
  Squeeze: ['axes'],
  Unsqueeze: ['axes'],
  ReduceSum: ['axes'],
  Split: ['split'],
  TopK: ['k'],
}

/** Softmax before opset 13 flattened from its axis on: a rank must be known to say so in newer words. */
export function canRaise(node: NetworkNode, context: RewriteContext): boolean {
  if (!isOldSoftmax(node, context)) return true
  return softmaxForm(node, context) !== undefined
}

const isOldSoftmax = (node: NetworkNode, { opset }: RewriteContext): boolean =>
  opset < 13 && node.domain === '' && ['Softmax', 'LogSoftmax', 'Hardmax'].includes(node.op)

/** A node of an opset before 17, in the words of 17. */
export function raised(node: NetworkNode, context: RewriteContext): NetworkNode[] {
  if (isOldSoftmax(node, context)) return softmaxForm(node, context)!
  const rewrite = rewrites[node.op]
  if (rewrite) return rewrite(node, context)
  const lists = context.opset < 13 ? moved[node.op] : undefined
  return [lists?.some((name) => node.attributes[name] !== undefined) ? asInputs(node, lists, context) : node]
}

const without = (node: NetworkNode, names: readonly string[]): Record<string, AttributeValue> =>
  Object.fromEntries(Object.entries(node.attributes).filter(([name]) => !names.includes(name)))

function asInputs(node: NetworkNode, lists: readonly string[], context: RewriteContext): NetworkNode {
  const inputs = [node.inputs[0] ?? '']
  for (const name of lists) {
    const value = node.attributes[name]
    if (value === undefined) inputs.push('')
    else if (Array.isArray(value) || name === 'k') {
      const values = Array.isArray(value) ? (value as number[]) : [value as number]
      inputs.push(context.add(node, name, tensorOf('int64', [values.length], values)))
    } else inputs.push(context.add(node, name, tensorOf('float32', [], [value as number])))
  }
  while (inputs[inputs.length - 1] === '') inputs.pop()
  return { ...node, inputs, attributes: without(node, lists) }
}

/** One axis if nothing follows it; else flattened, normalised, and given its shape back. */
function softmaxForm(node: NetworkNode, context: RewriteContext): NetworkNode[] | undefined {
  const shape = context.shape(node.inputs[0])
  if (!shape) return undefined
  const axis = normalizeAxis(intAttribute(node, 'axis', 1), shape.length)
  const rest = shape.slice(axis + 1)
  if (rest.every((dim) => dim === 1)) return [{ ...node, attributes: { ...node.attributes, axis } }]
  const tail = shape.slice(axis).map((dim) => (typeof dim === 'number' ? dim : -1))
  if (tail.filter((dim) => dim === -1).length > 1) return undefined
  const heads = new Array<number>(axis).fill(0)
  const target = (name: string, values: number[]) => context.add(node, name, tensorOf('int64', [values.length], values))
  const [flat, soft] = [`${node.name}/flat`, `${node.name}/soft`]
  const plain = { domain: '', attributes: {} }
  const input = node.inputs[0]!
  return [
    { ...plain, name: flat, op: 'Reshape', inputs: [input, target('flat_shape', [...heads, -1])], outputs: [flat] },
    { ...node, inputs: [flat], outputs: [soft], attributes: { axis } },
    {
      ...plain,
      name: soft,
      op: 'Reshape',
      inputs: [soft, target('shape', [...heads, ...tail])],
      outputs: node.outputs,
    },
  ]
}

type Rewrite = (node: NetworkNode, context: RewriteContext) => NetworkNode[]

/** x · scale + bias, in two nodes. */
function scaleAndShift(
  node: NetworkNode,
  context: RewriteContext,
  scale: number,
  bias: readonly number[],
  perChannel: boolean,
) {
  const middle = `${node.name}/scaled`
  const shape = perChannel ? [1, bias.length, 1, 1] : []
  const factor = context.add(node, 'scale', tensorOf('float32', [], [scale]))
  const shift = context.add(node, 'bias', tensorOf('float32', shape, bias))
  return [
    { name: middle, op: 'Mul', domain: '', inputs: [node.inputs[0]!, factor], outputs: [middle], attributes: {} },
    { ...node, op: 'Add', inputs: [middle, shift], attributes: {} },
  ]
}

/** Upsample, and Resize of opset 10, map output pixels by x_in = x_out / scale and round down. */
function oldResize(node: NetworkNode, scales: string): NetworkNode {
  return {
    ...node,
    op: 'Resize',
    inputs: [node.inputs[0]!, '', scales],
    attributes: {
      mode: stringAttribute(node, 'mode', 'nearest'),
      coordinate_transformation_mode: 'asymmetric',
      nearest_mode: 'floor',
    },
  }
}

/** Experimental ops of opset 1 to 9 that WinML's converters still wrote, and forms that changed. */
const rewrites: Readonly<Record<string, Rewrite>> = {
  ImageScaler: (node, context) =>
    scaleAndShift(node, context, floatAttribute(node, 'scale', 1), intsAttribute(node, 'bias', [0]), true),
  Affine: (node, context) =>
    scaleAndShift(node, context, floatAttribute(node, 'alpha', 1), [floatAttribute(node, 'beta', 0)], false),
  /** `border`: left, top, right, bottom; with `scale` (height, width) the size instead of right and bottom. */
  Crop(node, context) {
    const [left = 0, top = 0, right = 0, bottom = 0] = intsAttribute(node, 'border', [])
    const size = intsAttribute(node, 'scale', [])
    const END = 2 ** 63
    const ends = size.length === 2 ? [top + size[0]!, left + size[1]!] : [-bottom || END, -right || END]
    const list = (name: string, values: number[]) => context.add(node, name, tensorOf('int64', [values.length], values))
    const inputs = [node.inputs[0]!, list('starts', [top, left]), list('ends', ends), list('axes', [2, 3])]
    return [{ ...node, op: 'Slice', inputs, attributes: {} }]
  },
  Upsample(node, context) {
    const given = node.attributes['scales']
    const scales = Array.isArray(given)
      ? context.add(node, 'scales', tensorOf('float32', [given.length], given as number[]))
      : node.inputs[1]!
    return [oldResize(node, scales)]
  },
  Resize: (node, { opset }) => [opset < 11 ? oldResize(node, node.inputs[1]!) : node],
  BatchNormalization: (node) => [
    {
      ...node,
      // Opset 7 listed statistics of training as further outputs.
      outputs: node.outputs.slice(0, 1),
      attributes: without(node, ['spatial', 'is_test', 'consumed_inputs']),
    },
  ],
}

const floatAttribute = (node: NetworkNode, name: string, fallback: number): number => {
  const value = node.attributes[name]
  return typeof value === 'number' ? value : fallback
}
