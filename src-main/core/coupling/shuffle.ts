import { intsAttribute, consumers, type Network, type NetworkNode } from '../graph/network'
import type { Shapes } from '../graph/shapes'
import { numbers, reshapeBlocks } from './rules/blocks'

/**
 * A channel shuffle (Zhang et al., CVPR 2018): Reshape [.., g·n, ..] → [.., g, n, ..], Transpose to [.., n, g, ..],
 * Reshape to [.., n·g, ..]. Taken as one, it only permutes channels and ties none of them.
 */
export interface Shuffle {
  readonly apart: NetworkNode
  readonly together: NetworkNode
  /** What is shuffled, and the axis its channels are on, before and after. */
  readonly input: string
  readonly axis: number
  /** Where `apart` puts the g groups; the n channels of each follow. */
  readonly groupAxis: number
  readonly groups: number
  /** Position behind the shuffle → position before it. */
  readonly order: Int32Array
}

/** The shuffles of a network under the names of their first and last nodes. */
export function findShuffles(network: Network, shapes: Shapes): Map<string, Shuffle> {
  const readers = consumers(network)
  const outputs = new Set(network.outputs.map(({ name }) => name))
  const found = new Map<string, Shuffle>()
  const only = (tensor: string): NetworkNode | undefined => {
    const all = readers.get(tensor) ?? []
    return all.length === 1 && !outputs.has(tensor) ? all[0] : undefined
  }
  for (const apart of network.nodes) {
    if (apart.op !== 'Reshape') continue
    const swap = only(apart.outputs[0]!)
    const together = swap?.op === 'Transpose' ? only(swap.outputs[0]!) : undefined
    const shuffle = together?.op === 'Reshape' ? shuffleOf(apart, swap!, together, network, shapes) : undefined
    if (!shuffle) continue
    found.set(apart.name, shuffle)
    found.set(together!.name, shuffle)
  }
  return found
}

function shuffleOf(
  apart: NetworkNode,
  swap: NetworkNode,
  together: NetworkNode,
  network: Network,
  shapes: Shapes,
): Shuffle | undefined {
  const input = apart.inputs[0]!
  const [from, wide, turned, to] = [input, apart.outputs[0]!, swap.outputs[0]!, together.outputs[0]!].map((tensor) =>
    shapes.get(tensor),
  )
  if (!from || !wide || !turned || !to) return undefined
  if (![apart, together].every((node) => network.initializers.has(node.inputs[1] ?? ''))) return undefined
  const split = reshapeBlocks(numbers(from), numbers(wide))?.find(({ from: [a, b], to: [c, d] }) => {
    const dims = numbers(wide.slice(c, d))
    return b - a === 1 && dims.length === 2 && dims.every((dim) => dim > 1)
  })
  if (!split) return undefined
  const groupAxis = split.to[0]
  const swapped = numbers(wide).map((_, i) => (i === groupAxis ? i + 1 : i === groupAxis + 1 ? i - 1 : i))
  if (intsAttribute(swap, 'perm', []).join() !== swapped.join()) return undefined
  const merged = reshapeBlocks(numbers(turned), numbers(to))?.find(({ from: [a, b] }) => a === groupAxis && b === a + 2)
  if (!merged || from.join() !== to.join() || merged.to[0] !== split.from[0]) return undefined
  const [groups, size] = numbers(wide.slice(groupAxis, groupAxis + 2)) as [number, number]
  return {
    apart,
    together,
    input,
    axis: split.from[0],
    groupAxis,
    groups,
    order: Int32Array.from({ length: groups * size }, (_, i) => (i % groups) * size + Math.floor(i / groups)),
  }
}
