import { intAttribute, type Network, type NetworkNode } from '../graph/network'
import { binaryOps, unaryOps } from '../graph/ops/elementwise'
import { axesOf, padAmounts, sliceIndices, sliceParameters } from '../graph/ops/layout'
import { normalizeAxis, volume, type ShapeContext } from '../graph/ops/row'
import type { Shape } from '../graph/network'
import type { ChannelClasses } from './channels'

export interface RuleContext extends ShapeContext {
  readonly network: Network
  readonly channels: ChannelClasses
  /** Inputs of the node that are activations (not constants). */
  activations(node: NetworkNode): string[]
}

/** How channels travel through one operator. */
export type CouplingRule = (node: NetworkNode, context: RuleContext) => void

const output = (node: NetworkNode): string => node.outputs[0]!

function blockAll(node: NetworkNode, context: RuleContext, reason: string): void {
  for (const tensor of [...context.activations(node), ...node.outputs.filter(Boolean)])
    context.channels.block(tensor, reason)
}

/** The channel passes: in = out. */
const pass: CouplingRule = (node, { channels }) => channels.uniteAll(node.inputs[0]!, output(node))

/** Weights made at run time have no channels that could be cut. */
function hasConstantWeights(node: NetworkNode, context: RuleContext): boolean {
  if (node.inputs.slice(1).every((input) => !input || context.network.initializers.has(input))) return true
  blockAll(node, context, `the weights of "${node.name}" are not constant`)
  return false
}

/** The channel ends here (it is summed over), and the output's channels are new. */
const contract: CouplingRule = (node, context) => void hasConstantWeights(node, context)

/** Operands with the output's channel count are the same channels; one with a single channel broadcasts. */
const join: CouplingRule = (node, context) => {
  const count = context.channels.count(output(node))
  for (const input of context.activations(node)) {
    const size = context.channels.count(input)
    if (size === count) context.channels.uniteAll(input, output(node))
    else if (size !== 1) blockAll(node, context, `meets a shape ${node.op} broadcasts in a way Lupine does not follow`)
  }
}

const convolution: CouplingRule = (node, context) => {
  if (!hasConstantWeights(node, context)) return
  const group = intAttribute(node, 'group', 1)
  if (group === 1) return
  const [input] = node.inputs as [string]
  const inputs = context.channels.count(input)
  const outputs = context.channels.count(output(node))
  if (group !== inputs || outputs % inputs !== 0)
    return blockAll(node, context, `"${node.name}" is a grouped convolution: its groups must stay equal in size`)
  const multiplier = outputs / inputs
  for (let c = 0; c < outputs; c++) context.channels.unite(input, Math.floor(c / multiplier), output(node), c)
}

const concat: CouplingRule = (node, context) => {
  const rank = context.shape(output(node))?.length ?? 4
  if (normalizeAxis(intAttribute(node, 'axis', 1), rank) !== 1) {
    for (const input of context.activations(node)) context.channels.uniteAll(input, output(node))
    return
  }
  let offset = 0
  for (const input of node.inputs) {
    const count = Number(context.shape(input)?.[1] ?? 0)
    if (!context.network.initializers.has(input))
      for (let c = 0; c < count; c++) context.channels.unite(input, c, output(node), offset + c)
    offset += count
  }
}

const slice: CouplingRule = (node, context) => {
  const shape = context.shape(node.inputs[0])
  const parameters = shape && sliceParameters(node, context, shape.length)
  if (!shape || !parameters) return blockAll(node, context, `"${node.name}" slices by values known only at run time`)
  const channel = parameters.find(({ axis }) => axis === 1)
  if (!channel) return pass(node, context)
  if (channel.step !== 1) return blockAll(node, context, `"${node.name}" takes every ${channel.step}th channel`)
  sliceIndices(Number(shape[1]), channel.start, channel.end, channel.step).forEach((index, c) =>
    context.channels.unite(node.inputs[0]!, index, output(node), c),
  )
}

const pad: CouplingRule = (node, context) => {
  const shape = context.shape(node.inputs[0])
  const pads = shape && padAmounts(node, context, shape.length)
  if (!shape || !pads) return blockAll(node, context, `"${node.name}" pads by values known only at run time`)
  const count = context.channels.count(node.inputs[0]!)
  for (let c = 0; c < count; c++) context.channels.unite(node.inputs[0]!, c, output(node), c + pads.begin[1]!)
}

/** [N, C, h, w] → [N, C·h·w]: channel c becomes h·w neighbours. */
const flatten: CouplingRule = (node, context) => {
  const [input] = node.inputs as [string]
  const from = context.shape(input)
  const to = context.shape(output(node))
  if (!from || !to) return blockAll(node, context, `reaches ${node.op} "${node.name}" with an unknown shape`)
  const area = volume(from, 2)
  const count = context.channels.count(input)
  if (to.length !== 2 || Number(to[1]) !== count * area || !keepsBatch(from, to))
    return blockAll(node, context, `reaches ${node.op} "${node.name}", which rearranges its channels`)
  for (let c = 0; c < count * area; c++) context.channels.unite(input, Math.floor(c / area), output(node), c)
}

const keepsBatch = (from: Shape, to: Shape): boolean => from[0] === to[0] || typeof to[0] === 'number'

const reduce: CouplingRule = (node, context) => {
  const rank = context.shape(node.inputs[0])?.length
  const axes = rank && axesOf(node, context, 1)?.map((axis) => normalizeAxis(axis, rank))
  if (!axes || axes.some((axis) => axis < 2)) return blockAll(node, context, `${node.op} "${node.name}" mixes channels`)
  pass(node, context)
}

const squeeze: CouplingRule = (node, context) => {
  const shape = context.shape(node.inputs[0])
  const axes = shape && axesOf(node, context, 1)?.map((axis) => normalizeAxis(axis, shape.length))
  if (!axes || axes.some((axis) => axis < 2)) return blockAll(node, context, `"${node.name}" drops the channel axis`)
  pass(node, context)
}

const acrossChannels: CouplingRule = (node, context) =>
  blockAll(node, context, `${node.op} "${node.name}" normalises across channels`)

const matMul: CouplingRule = (node, context) => {
  const ranks = node.inputs.map((input) => context.shape(input)?.length)
  if (!context.network.initializers.has(node.inputs[1]!) || ranks[0] !== 2 || ranks[1] !== 2)
    blockAll(node, context, `MatMul "${node.name}" is not a plain dense layer`)
}

/** Keyed like graph/ops; an operator that is missing here blocks what reaches it. */
export const couplingRules: Readonly<Record<string, CouplingRule>> = {
  ...Object.fromEntries(unaryOps.map((op) => [op, pass])),
  ...Object.fromEntries(binaryOps.map((op) => [op, join])),
  BatchNormalization: pass,
  InstanceNormalization: pass,
  MaxPool: pass,
  AveragePool: pass,
  GlobalAveragePool: pass,
  GlobalMaxPool: pass,
  Conv: convolution,
  Gemm: contract,
  MatMul: matMul,
  Concat: concat,
  Slice: slice,
  Pad: pad,
  Flatten: flatten,
  Reshape: flatten,
  Squeeze: squeeze,
  ReduceMean: reduce,
  ReduceSum: reduce,
  ReduceMax: reduce,
  Softmax: acrossChannels,
  LogSoftmax: acrossChannels,
  LRN: acrossChannels,
}

/** Blocks every channel that reaches a node Lupine cannot follow. */
export const opaqueRule: CouplingRule = (node, context) =>
  blockAll(node, context, `reaches ${node.op} "${node.name}", which Lupine cannot follow`)
