import type { CallResult } from '../../../src-main/contract'
import type { GraphNode } from '../../../src-main/contract/model'

type Groups = CallResult<'model.inspect'>['groups']

/** The nodes that make or carry a group's channels, and those that only take them in. */
export function litBy(
  groups: readonly number[],
  nodes: readonly GraphNode[],
): { makes: Set<number>; reads: Set<number> } {
  const wanted = new Set(groups)
  const makes = new Set<number>()
  const reads = new Set<number>()
  if (wanted.size > 0)
    nodes.forEach((node, i) => {
      if (node.makes.some((group) => wanted.has(group))) makes.add(i)
      else if (node.reads.some((group) => wanted.has(group))) reads.add(i)
    })
  return { makes, reads }
}

/** Nodes whose own channels all stay whole because of what a person excluded. */
export function wholeNodes(nodes: readonly GraphNode[], groups: Groups, excluded: ReadonlySet<string>): Set<number> {
  const whole = new Set<number>()
  if (excluded.size > 0)
    nodes.forEach((node, i) => {
      const own = node.makes.flatMap((index) => groups[index] ?? [])
      if (node.params > 0 && own.length > 0 && own.every(({ id }) => excluded.has(id))) whole.add(i)
    })
  return whole
}

/** Nodes whose name, layer or operator has every word of `words`. */
export function findNodes(nodes: readonly GraphNode[], words: string): number[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean)
  if (wanted.length === 0) return []
  return nodes.flatMap((node, i) => {
    const text = `${node.op} ${node.layer} ${node.name}`.toLowerCase()
    return wanted.every((word) => text.includes(word)) ? [i] : []
  })
}

export interface MeasuredLayer {
  readonly name: string
  readonly median: number
}

/**
 * Milliseconds per node. A runtime renames what it fuses ("…_nchwc", or the last output's name): the longest name of a
 * node in it counts; what several layers map to adds up. A fused kernel bears the name of its last output: its time goes
 * to the layer that it computes.
 */
export function timesOf(
  nodes: readonly GraphNode[],
  edges: readonly (readonly [number, number])[],
  layers: readonly MeasuredLayer[],
): (number | undefined)[] {
  const times: (number | undefined)[] = nodes.map(() => undefined)
  const exact = new Map<string, number>()
  nodes.forEach((node, i) => {
    if (node.kind !== 'op' && node.kind !== 'opaque') return
    for (const name of [node.name, node.layer]) if (!exact.has(name)) exact.set(name, i)
  })
  const byLength = [...exact.keys()].sort((a, b) => b.length - a.length)
  for (const { name, median } of layers) {
    const at = exact.get(name) ?? exact.get(byLength.find((known) => name.includes(known)) ?? '')
    if (at !== undefined) times[at] = (times[at] ?? 0) + median
  }
  return toTheirLayers(nodes, edges, times)
}

/** Times of nodes that compute nothing by themselves, given to the layer above them that has none. */
function toTheirLayers(
  nodes: readonly GraphNode[],
  edges: readonly (readonly [number, number])[],
  times: readonly (number | undefined)[],
): (number | undefined)[] {
  const above = nodes.map((): number[] => [])
  for (const [from, to] of edges) above[to]?.push(from)
  const moved = [...times]
  times.forEach((ms, i) => {
    if (ms === undefined || nodes[i]!.macs > 0) return
    const seen = new Set([i])
    const waiting = [i]
    for (let at = waiting.shift(); at !== undefined; at = waiting.shift())
      for (const one of above[at]!) {
        if (seen.has(one) || moved[one] !== undefined || nodes[one]!.kind !== 'op') continue
        seen.add(one)
        if (nodes[one]!.macs === 0) waiting.push(one)
        else {
          moved[one] = ms
          moved[i] = undefined
          return
        }
      }
  })
  return moved
}

/**
 * How much more of the time than of the MACs each node takes: 1 = the network's mean pace, 2 = twice as long as its MACs
 * would say. undefined for nodes without MACs or without a time.
 */
export function paceOf(nodes: readonly GraphNode[], ms: readonly (number | undefined)[]): (number | undefined)[] {
  const counted = nodes.map(({ macs }, i) => (macs > 0 ? ms[i] : undefined))
  const time = counted.reduce<number>((sum, one) => sum + (one ?? 0), 0)
  const macs = nodes.reduce((sum, node, i) => sum + (counted[i] === undefined ? 0 : node.macs), 0)
  return nodes.map((node, i) => {
    const own = counted[i]
    return own === undefined || time === 0 ? undefined : own / time / (node.macs / macs)
  })
}
