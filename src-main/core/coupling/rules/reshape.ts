import { volume } from '../../graph/ops/row'
import type { Shape } from '../../graph/network'
import { blockNode, pass, type CouplingRule, type RuleContext } from './context'
import type { ChannelAxis } from '../channels'
import { numbers, reshapeBlocks } from './blocks'

/** Larger than any flattening of a real network. */
const largestBlock = 1 << 20

/**
 * Where channels go when [.., C, ..] becomes another shape of the same volume. Flattening repeats each channel; a
 * channel axis split in two keeps its channels on the longer part, and those that differ only in
 * the other part are united: what stays must be a rectangle.
 */
export function reshapeChannels(
  channel: ChannelAxis,
  from: Shape,
  to: Shape,
  unite: (a: number, b: number) => void,
): ChannelAxis | undefined {
  const block = reshapeBlocks(numbers(from), numbers(to))?.find(
    (candidate) => channel.axis >= candidate.from[0] && channel.axis < candidate.from[1],
  )
  if (!block) return undefined
  const inner = volume(from.slice(channel.axis + 1, block.from[1]))
  const total = volume(from.slice(...block.from))
  const dims = numbers(to.slice(...block.to))
  if (total > largestBlock || total === 0 || dims.length === 0) return undefined
  const at = (position: number): number => channel.ids[Math.floor(position / inner) % channel.ids.length]!
  const strides = dims.map((_, d) => dims.slice(d + 1).reduce((a, b) => a * b, 1))
  const varies = dims.flatMap((dim, d) => (dim > 1 && differsAlong(at, total, dim, strides[d]!) ? [d] : []))
  if (varies.length === 0) return undefined
  const main = varies.reduce((best, d) => (dims[d]! >= dims[best]! ? d : best))
  const ids = Int32Array.from({ length: dims[main]! }, (_, i) => at(i * strides[main]!))
  if (varies.length > 1)
    for (let position = 0; position < total; position++)
      unite(ids[Math.floor(position / strides[main]!) % dims[main]!]!, at(position))
  return { axis: block.to[0] + main, ids }
}

function differsAlong(at: (position: number) => number, total: number, dim: number, stride: number): boolean {
  for (let position = 0; position < total; position++) {
    const along = Math.floor(position / stride) % dim
    if (along > 0 && at(position) !== at(position - along * stride)) return true
  }
  return false
}

/** Reshape, Flatten, Squeeze, Unsqueeze. */
export const reshape: CouplingRule = (node, context: RuleContext) => {
  const shuffle = context.shuffles.get(node.name)
  const shuffled = context.channels.of(shuffle?.input)
  if (shuffle && shuffled?.axis === shuffle.axis) {
    // Between its two ends a shuffle has channels on two axes, which no rule could follow.
    if (node === shuffle.apart) return
    const ids = shuffle.order.map((position) => shuffled.ids[position]!)
    return context.channels.set(node.outputs[0]!, shuffle.axis, ids)
  }
  const channel = context.channels.of(node.inputs[0])
  if (!channel) return
  const from = context.shape(node.inputs[0])
  const to = context.shape(node.outputs[0])
  const target = node.op === 'Reshape' && !node.attributes['shape'] ? node.inputs[1] : undefined
  if (!from || !to || (target && !context.network.initializers.has(target)))
    return blockNode(node, context, `reaches ${node.op} "${node.name}", whose shape is known only at run time`)
  if (from.length === to.length && from.every((dim, i) => dim === to[i])) return pass(node, context)
  const result = reshapeChannels(channel, from, to, (a, b) => context.channels.unite(a, b))
  if (!result) return blockNode(node, context, `reaches ${node.op} "${node.name}", which rearranges its channels`)
  context.channels.set(node.outputs[0]!, result.axis, result.ids)
}
