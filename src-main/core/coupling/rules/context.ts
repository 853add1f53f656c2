import type { NetworkNode } from '../../graph/network'
import type { ShapeContext } from '../../graph/ops/row'
import type { ChannelClasses } from '../channels'
import type { Shuffle } from '../shuffle'

export interface RuleContext extends ShapeContext {
  readonly channels: ChannelClasses
  readonly shuffles: ReadonlyMap<string, Shuffle>
}

/** How channels travel through one operator: gives its outputs their channel axes, or blocks its inputs'. */
export type CouplingRule = (node: NetworkNode, context: RuleContext) => void

/** Inputs of the node that are activations, not constants. */
export const activations = (node: NetworkNode, context: RuleContext): string[] =>
  node.inputs.filter((input) => input && !context.network.initializers.has(input))

/** Nothing that reaches the node may be cut, and what it makes is fixed. */
export function blockNode(node: NetworkNode, context: RuleContext, reason: string): void {
  for (const input of [...activations(node, context), ...(node.captured ?? [])])
    context.channels.blockTensor(input, reason)
  for (const output of node.outputs) if (output) context.channels.fix(output, `what "${node.name}" makes is fixed`)
}

/** The output has the input's channels, on the same axis. */
export const pass: CouplingRule = (node, { channels }) => {
  const from = channels.of(node.inputs[0])
  if (from) channels.set(node.outputs[0]!, from.axis, from.ids)
}

/** As `pass`, for an op that works on [N, C, …]: a channel axis elsewhere is not one to it. */
export const passSpatial: CouplingRule = (node, context) => {
  const from = context.channels.of(node.inputs[0])
  if (from && from.axis !== 1) return blockNode(node, context, `reaches ${node.op} "${node.name}" on a spatial axis`)
  pass(node, context)
}

/** New channels along an axis of the node's first output. */
export function makeChannels(node: NetworkNode, context: RuleContext, axis: number): Int32Array | undefined {
  const output = node.outputs[0]!
  const count = context.shape(output)?.[axis]
  const ids = typeof count === 'number' ? context.channels.fresh(count) : undefined
  if (ids) context.channels.set(output, axis, ids)
  return ids
}

/** The constant at `input` follows `ids` along `axis`. */
export function follow(
  node: NetworkNode,
  context: RuleContext,
  input: number,
  axis: number,
  ids: Int32Array | undefined,
  side: 'in' | 'out' | 'index' = 'out',
  parts = 1,
): void {
  const tensor = node.inputs[input]
  if (tensor && ids) context.channels.follow({ node: node.name, input, tensor, axis, ids, side, parts })
}

export const opaqueRule: CouplingRule = (node, context) =>
  blockNode(node, context, `reaches ${node.op} "${node.name}", which Lupine cannot follow`)
