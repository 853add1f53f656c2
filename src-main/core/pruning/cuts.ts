import type { Shuffle } from '../coupling/shuffle'
import {
  intAttribute,
  intsAttribute,
  type AttributeValue,
  type Network,
  type NetworkNode,
  type Tensor,
} from '../graph/network'
import { padAmounts, sliceIndices, sliceParameters } from '../graph/ops/layout'
import { normalizeAxis } from '../graph/ops/row'
import { isSelection } from '../graph/selections'
import { shapeContext, type Shapes } from '../graph/shapes'
import type { KeptChannels } from './kept'

export interface CutContext {
  readonly network: Network
  readonly shapes: Shapes
  readonly shuffles: ReadonlyMap<string, Shuffle>
  /** What the plan keeps of an activation; undefined: all of it. */
  kept(tensor: string | undefined): KeptChannels | undefined
}

/** A node whose parameters speak of channels, after the cut. */
export interface Cut {
  readonly node: NetworkNode
  /** New initializers it reads. */
  readonly added: ReadonlyMap<string, Tensor>
}

type CutRule = (node: NetworkNode, context: CutContext) => Cut | undefined

const int64 = (values: readonly number[]): Tensor => ({
  type: 'int64',
  shape: [values.length],
  data: Float64Array.from(values),
})

/** The node with some of its inputs replaced by constants of its own. */
function withConstants(node: NetworkNode, constants: ReadonlyMap<number, Tensor>): Cut {
  const inputs = [...node.inputs]
  const added = new Map<string, Tensor>()
  for (const [index, tensor] of constants) {
    const name = `${node.name}/${index}`
    while (inputs.length <= index) inputs.push('')
    inputs[index] = name
    added.set(name, tensor)
  }
  return { node: { ...node, inputs }, added }
}

const withAttribute = (node: NetworkNode, name: string, value: AttributeValue): Cut => ({
  node: { ...node, attributes: { ...node.attributes, [name]: value } },
  added: new Map(),
})

/** A depthwise convolution has one group per input channel. */
const depthwise: CutRule = (node, context) => {
  const kept = context.kept(node.inputs[0])
  return kept && intAttribute(node, 'group', 1) === kept.count && kept.count > 1
    ? withAttribute(node, 'group', kept.indices.length)
    : undefined
}

/** In place of `node`: these channels of `input`, in this order, as far as they are kept. */
function gathered(node: NetworkNode, input: string, kept: KeptChannels, channels: readonly number[]): Cut {
  const place = new Map(kept.indices.map((channel, position) => [channel, position]))
  const left = channels.flatMap((channel) => place.get(channel) ?? [])
  const { name, domain, outputs } = node
  const bare = { name, domain, outputs, op: 'Gather', inputs: [input], attributes: { axis: kept.axis } }
  return withConstants(bare, new Map([[1, int64(left)]]))
}

const slice: CutRule = (node, context) => {
  const kept = context.kept(node.inputs[0])
  if (!kept) return undefined
  const rank = context.shapes.get(node.inputs[0]!)!.length
  const parameters = sliceParameters(node, shapeContext(context.network, context.shapes), rank)
  const channel = parameters?.find(({ axis }) => axis === kept.axis)
  if (!channel) return undefined
  const indices = sliceIndices(kept.count, channel.start, channel.end, channel.step)
  if (channel.step !== 1) return gathered(node, node.inputs[0]!, kept, indices)
  const taken = new Set(indices)
  const start = kept.indices.filter((c) => c < Math.min(...taken)).length
  const end = start + kept.indices.filter((c) => taken.has(c)).length
  const pick = (value: number, pick: 'start' | 'end') =>
    int64(parameters!.map((p) => (p.axis === kept.axis ? value : p[pick])))
  return withConstants(
    node,
    new Map([
      [1, pick(start, 'start')],
      [2, pick(end, 'end')],
      [3, int64(parameters!.map((p) => p.axis))],
    ]),
  )
}

/** The axis a Split or Gather works on. */
const channelAxisOf = (node: NetworkNode, context: CutContext): number =>
  normalizeAxis(intAttribute(node, 'axis', 0), context.shapes.get(node.inputs[0]!)!.length)

const split: CutRule = (node, context) => {
  const kept = context.kept(node.inputs[0])
  if (!kept || channelAxisOf(node, context) !== kept.axis) return undefined
  let offset = 0
  const sizes = node.outputs.map((output) => {
    const end = offset + Number(context.shapes.get(output)![kept.axis])
    const size = kept.indices.filter((c) => c >= offset && c < end).length
    offset = end
    return size
  })
  const { num_outputs: _even, split: _sizes, ...attributes } = node.attributes
  return withConstants({ ...node, attributes }, new Map([[1, int64(sizes)]]))
}

const gather: CutRule = (node, context) => {
  const kept = context.kept(node.inputs[0])
  if (!kept || channelAxisOf(node, context) !== kept.axis) return undefined
  const indices = Array.from(context.network.initializers.get(node.inputs[1]!)!.data, Number)
  return gathered(
    node,
    node.inputs[0]!,
    kept,
    indices.map((index) => normalizeAxis(index, kept.count)),
  )
}

const pad: CutRule = (node, context) => {
  const kept = context.kept(node.outputs[0])
  if (!kept) return undefined
  const shape = context.shapes.get(node.inputs[0]!)!
  const pads = padAmounts(node, shapeContext(context.network, context.shapes), shape.length)
  if (!pads) return undefined
  const first = pads.begin[kept.axis]!
  const values = [...pads.begin, ...pads.end]
  values[kept.axis] = kept.indices.filter((c) => c < first).length
  values[kept.axis + shape.length] = kept.indices.filter((c) => c >= first + Number(shape[kept.axis])).length
  const cut = withConstants(node, new Map([[1, int64(values)]]))
  // Amounts are now given for every axis.
  return { ...cut, node: { ...cut.node, inputs: cut.node.inputs.slice(0, 3) } }
}

/**
 * A shuffle stays one as long as each group keeps the same of its channels; otherwise a Gather permutes what is left.
 */
const shuffle = (node: NetworkNode, context: CutContext, whole: Shuffle, kept: KeptChannels): Cut | undefined => {
  const size = kept.count / whole.groups
  const ofGroup = (group: number) =>
    kept.indices.flatMap((channel) => (Math.floor(channel / size) === group ? channel % size : []))
  const first = ofGroup(0)
  const alike = Array.from({ length: whole.groups }, (_, group) => ofGroup(group)).every(
    (g) => g.join() === first.join(),
  )
  if (alike && node === whole.apart) {
    const values = Array.from(context.network.initializers.get(node.inputs[1]!)!.data, Number)
    values.splice(whole.groupAxis, 2, whole.groups, first.length)
    return withConstants(node, new Map([[1, int64(values)]]))
  }
  if (alike) return reshaped(node, context)
  if (node === whole.apart) return undefined
  return gathered(node, whole.input, kept, Array.from(whole.order))
}

const reshape: CutRule = (node, context) => {
  const whole = context.shuffles.get(node.name)
  const kept = context.kept(whole?.input)
  return whole && kept?.axis === whole.axis ? shuffle(node, context, whole, kept) : reshaped(node, context)
}

/** A target that spells out the channel axis must follow it; where it can be left to −1 or 0 it is not touched. */
const reshaped: CutRule = (node, context) => {
  const kept = context.kept(node.outputs[0])
  const target = context.network.initializers.get(node.inputs[1] ?? '')
  if (!kept || !target || Number(target.data[kept.axis]) <= 0) return undefined
  const values = Array.from(target.data, Number)
  values[kept.axis] = kept.indices.length
  return withConstants(node, new Map([[1, int64(values)]]))
}

/** Inputs that list a size per axis of the result. */
const sizes =
  (input: number): CutRule =>
  (node, context) => {
    const kept = context.kept(node.outputs[0])
    const target = context.network.initializers.get(node.inputs[input] ?? '')
    if (!kept || !target) return undefined
    const values = Array.from(target.data, Number)
    const axes = intsAttribute(node, 'axes', [])
    const rank = context.shapes.get(node.outputs[0]!)!.length
    // From opset 18 on Resize may list the axes its sizes are of.
    const at =
      axes.length > 0
        ? axes.findIndex((axis) => normalizeAxis(axis, rank) === kept.axis)
        : kept.axis - rank + values.length
    // 1 stands for "as the input" in Expand; a size that is not the channel count is none to follow.
    if (values[at] !== kept.count) return undefined
    values[at] = kept.indices.length
    return withConstants(node, new Map([[input, int64(values)]]))
  }

/** Keyed like graph/ops: the ops whose parameters, not only their weights, speak of channels. */
export const cutRules: Readonly<Record<string, CutRule>> = {
  Conv: depthwise,
  ConvTranspose: depthwise,
  Slice: slice,
  Split: split,
  Gather: (node, context) => (isSelection(node) ? undefined : gather(node, context)),
  Pad: pad,
  Reshape: reshape,
  Resize: sizes(3),
  Expand: sizes(1),
}
