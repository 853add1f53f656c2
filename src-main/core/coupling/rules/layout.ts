import { intAttribute, intsAttribute, stringAttribute, type NetworkNode } from '../../graph/network'
import { axesOf, padAmounts, sliceIndices, sliceParameters } from '../../graph/ops/layout'
import { normalizeAxis } from '../../graph/ops/row'
import { isSelection } from '../../graph/selections'
import { activations, blockNode, follow, makeChannels, pass, type CouplingRule, type RuleContext } from './context'

const rankOf = (node: NetworkNode, context: RuleContext): number => context.shape(node.inputs[0])?.length ?? NaN

const concat: CouplingRule = (node, context) => {
  const { channels } = context
  const inputs = activations(node, context)
  const carriers = inputs.filter((input) => channels.of(input))
  if (carriers.length === 0) return
  const axis = channels.of(carriers[0]!)!.axis
  if (carriers.some((input) => channels.of(input)!.axis !== axis))
    return blockNode(node, context, `Concat "${node.name}" joins channels on different axes`)
  const shape = context.shape(node.outputs[0])
  if (!shape) return blockNode(node, context, `reaches Concat "${node.name}" with an unknown shape`)
  const along = normalizeAxis(intAttribute(node, 'axis', 1), shape.length)
  if (along !== axis) return joinAcross(node, context, inputs, carriers, axis)
  const all: number[] = []
  for (const input of node.inputs) {
    const own = channels.of(input)?.ids
    const ids = own ?? channels.fresh(Number(context.shape(input)?.[axis]))
    if (!ids) return blockNode(node, context, `reaches Concat "${node.name}" with an unknown shape`)
    if (!own) channels.block(ids, `is \`${input}\` in Concat "${node.name}": ${channels.whyFixed(input)}`)
    for (const id of ids) all.push(id)
  }
  channels.set(node.outputs[0]!, axis, Int32Array.from(all))
}

/** Concatenated along another axis: every operand holds the same channels. */
function joinAcross(node: NetworkNode, context: RuleContext, inputs: string[], carriers: string[], axis: number): void {
  const ids = context.channels.of(carriers[0]!)!.ids
  const fixed = inputs.find((input) => context.channels.of(input)?.ids.length !== ids.length)
  if (fixed !== undefined)
    return blockNode(
      node,
      context,
      `is joined by Concat "${node.name}" with \`${fixed}\`: ${context.channels.whyFixed(fixed)}`,
    )
  for (const input of inputs) context.channels.uniteAll(ids, context.channels.of(input)!.ids)
  node.inputs.forEach((input, i) => {
    if (context.network.initializers.has(input)) follow(node, context, i, axis, ids)
  })
  context.channels.set(node.outputs[0]!, axis, ids)
}

const slice: CouplingRule = (node, context) => {
  const from = context.channels.of(node.inputs[0])
  if (!from) return
  const shape = context.shape(node.inputs[0])
  const parameters = shape && sliceParameters(node, context, shape.length)
  if (!shape || !parameters) return blockNode(node, context, `"${node.name}" slices by values known only at run time`)
  const channel = parameters.find(({ axis }) => axis === from.axis)
  if (!channel) return pass(node, context)
  // With a step it becomes a Gather (pruning/cuts.ts), which cannot cut other axes as well.
  if (channel.step !== 1 && parameters.length > 1)
    return blockNode(node, context, `"${node.name}" takes every ${channel.step}th channel`)
  const taken = sliceIndices(from.ids.length, channel.start, channel.end, channel.step)
  if (taken.length > 0)
    context.channels.set(
      node.outputs[0]!,
      from.axis,
      Int32Array.from(taken, (i) => from.ids[i]!),
    )
}

const split: CouplingRule = (node, context) => {
  const from = context.channels.of(node.inputs[0])
  if (!from) return
  const axis = normalizeAxis(intAttribute(node, 'axis', 0), rankOf(node, context))
  let offset = 0
  for (const output of node.outputs) {
    if (axis !== from.axis) {
      if (output) context.channels.set(output, from.axis, from.ids)
      continue
    }
    const count = Number(context.shape(output)?.[axis])
    if (!(count > 0)) return blockNode(node, context, `"${node.name}" splits by values known only at run time`)
    context.channels.set(output, axis, from.ids.slice(offset, offset + count))
    offset += count
  }
}

/** What arrives stays whole, and what is selected of it is channels of their own. */
const selection: CouplingRule = (node, context) => {
  context.channels.blockTensor(node.inputs[0]!, `feeds the channel selection "${node.name}"`)
  follow(node, context, 1, 0, makeChannels(node, context, 1), 'index')
}

const gather: CouplingRule = (node, context) => {
  if (isSelection(node)) return selection(node, context)
  const from = context.channels.of(node.inputs[0])
  if (!from) return
  const axis = normalizeAxis(intAttribute(node, 'axis', 0), rankOf(node, context))
  const indices = context.network.initializers.get(node.inputs[1] ?? '')
  if (axis !== from.axis) {
    const shift = axis < from.axis ? (context.shape(node.inputs[1])?.length ?? NaN) - 1 : 0
    if (Number.isNaN(shift)) return blockNode(node, context, `reaches Gather "${node.name}" with an unknown shape`)
    return context.channels.set(node.outputs[0]!, from.axis + shift, from.ids)
  }
  const picked = indices && Array.from(indices.data, (i) => normalizeAxis(Number(i), from.ids.length))
  if (!picked || indices.shape.length !== 1 || picked.some((i) => !(i >= 0 && i < from.ids.length)))
    return blockNode(node, context, `Gather "${node.name}" picks channels known only at run time, or a single one`)
  context.channels.set(
    node.outputs[0]!,
    axis,
    Int32Array.from(picked, (i) => from.ids[i]!),
  )
}

const pad: CouplingRule = (node, context) => {
  const from = context.channels.of(node.inputs[0])
  if (!from) return
  const pads = padAmounts(node, context, rankOf(node, context))
  if (!pads) return blockNode(node, context, `"${node.name}" pads by values known only at run time`)
  const [before, after] = [pads.begin[from.axis]!, pads.end[from.axis]!]
  if (before === 0 && after === 0) return pass(node, context)
  const added = context.channels.fresh(before + after)
  if (before < 0 || after < 0 || !added || stringAttribute(node, 'mode', 'constant') !== 'constant')
    return blockNode(node, context, `"${node.name}" pads channels by mirroring or cropping`)
  const ids = Int32Array.from([...added.slice(0, before), ...from.ids, ...added.slice(before)])
  context.channels.set(node.outputs[0]!, from.axis, ids)
}

const reduce: CouplingRule = (node, context) => {
  const from = context.channels.of(node.inputs[0])
  if (!from) return
  const rank = rankOf(node, context)
  const axes = axesOf(node, context, 1)?.map((axis) => normalizeAxis(axis, rank))
  if (!axes || axes.includes(from.axis)) return blockNode(node, context, `${node.op} "${node.name}" mixes channels`)
  const dropped = intAttribute(node, 'keepdims', 1) ? 0 : axes.filter((axis) => axis < from.axis).length
  context.channels.set(node.outputs[0]!, from.axis - dropped, from.ids)
}

const transpose: CouplingRule = (node, context) => {
  const from = context.channels.of(node.inputs[0])
  if (!from) return
  const rank = rankOf(node, context)
  const perm = intsAttribute(
    node,
    'perm',
    Array.from({ length: rank }, (_, i) => rank - 1 - i),
  )
  context.channels.set(node.outputs[0]!, perm.indexOf(from.axis), from.ids)
}

/** Resize, Expand, Tile: fine where they leave the channel axis as long as it was. */
const stretch: CouplingRule = (node, context) => {
  const from = context.channels.of(node.inputs[0])
  if (!from) return
  const to = context.shape(node.outputs[0])
  const axis = to && from.axis + to.length - rankOf(node, context)
  if (axis === undefined || to![axis] !== from.ids.length)
    return blockNode(node, context, `reaches ${node.op} "${node.name}", which changes their number`)
  // A target that names every size must be constant to be rewritten.
  const target = node.op === 'Resize' ? node.inputs[3] : node.op === 'Expand' ? node.inputs[1] : undefined
  if (target && !context.network.initializers.has(target))
    return blockNode(node, context, `reaches ${node.op} "${node.name}", whose size is known only at run time`)
  context.channels.set(node.outputs[0]!, axis, from.ids)
}

/** [N, C·b·b, h, w] → [N, C, h·b, w·b]: b² channels make one. */
const depthToSpace: CouplingRule = (node, context) => {
  const from = context.channels.of(node.inputs[0])
  if (!from) return
  const square = intAttribute(node, 'blocksize', 1) ** 2
  const count = from.ids.length / square
  if (from.axis !== 1 || !Number.isInteger(count))
    return blockNode(node, context, `reaches DepthToSpace "${node.name}" on a spatial axis`)
  const columns = stringAttribute(node, 'mode', 'DCR') === 'DCR'
  const at = (c: number, k: number) => from.ids[columns ? k * count + c : c * square + k]!
  for (let c = 0; c < count; c++) for (let k = 1; k < square; k++) context.channels.unite(at(c, 0), at(c, k))
  context.channels.set(
    node.outputs[0]!,
    1,
    Int32Array.from({ length: count }, (_, c) => at(c, 0)),
  )
}

/** [N, C, h·b, w·b] → [N, b²·C, h, w]: each channel makes b², C apart. */
const spaceToDepth: CouplingRule = (node, context) => {
  const from = context.channels.of(node.inputs[0])
  if (!from) return
  if (from.axis !== 1) return blockNode(node, context, `reaches SpaceToDepth "${node.name}" on a spatial axis`)
  const square = intAttribute(node, 'blocksize', 1) ** 2
  const count = from.ids.length
  const ids = Int32Array.from({ length: count * square }, (_, i) => from.ids[i % count]!)
  context.channels.set(node.outputs[0]!, 1, ids)
}

/** Reads only how large the tensor is. What is computed from it at run time follows a cut by itself. */
const shapeOf: CouplingRule = () => undefined

export const layoutRules: Readonly<Record<string, CouplingRule>> = {
  Concat: concat,
  Slice: slice,
  Split: split,
  Gather: gather,
  Pad: pad,
  Transpose: transpose,
  Resize: stretch,
  Upsample: stretch,
  Expand: stretch,
  Tile: stretch,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
  Shape: shapeOf,
  ReduceMean: reduce,
  ReduceSum: reduce,
  ReduceMax: reduce,
  ReduceMin: reduce,
  ReduceL2: reduce,
  ReduceL1: reduce,
  ReduceProd: reduce,
  ReduceSumSquare: reduce,
  ReduceLogSum: reduce,
  ReduceLogSumExp: reduce,
}
