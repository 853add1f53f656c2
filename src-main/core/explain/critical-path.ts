import { producers, type Network } from '../graph/network'
import { type Layer, ownersOf } from './layers'

/**
 * Layers the end of the inference waits for. Where a device runs one kernel after the other, that is every layer; where
 * branches run at the same time, those whose delay would delay the end: on a longest path through the graph.
 *
 * @param ms time per layer, by the node that it is named after
 * @param streams how many branches the device runs at the same time; threads within one kernel do not count
 * @returns nodes that layers are named after
 */
export function criticalLayers(
  network: Network,
  layers: readonly Layer[],
  ms: ReadonlyMap<string, number>,
  streams: number,
): Set<string> {
  const all = layers.map(({ node }) => node)
  if (streams <= 1) return new Set(all)
  const makers = producers(network)
  const owner = ownersOf(layers)
  const time = (name: string): number => (owner.get(name) === name ? (ms.get(name) ?? 0) : 0)
  const inputsOf = new Map(
    network.nodes.map((node) => [
      node.name,
      [...node.inputs, ...(node.captured ?? [])].flatMap((input) => makers.get(input)?.name ?? []),
    ]),
  )
  // Longest way to the end of each node, and from it to the end of all.
  const until = new Map<string, number>()
  for (const { name } of network.nodes) {
    const ready = Math.max(0, ...inputsOf.get(name)!.map((input) => until.get(input)!))
    until.set(name, ready + time(name))
  }
  const after = new Map<string, number>()
  for (const { name } of [...network.nodes].reverse()) {
    const rest = (after.get(name) ?? 0) + time(name)
    for (const input of inputsOf.get(name)!) after.set(input, Math.max(after.get(input) ?? 0, rest))
  }
  const longest = Math.max(0, ...until.values())
  return new Set(all.filter((name) => until.get(name)! + (after.get(name) ?? 0) >= longest * (1 - 1e-6)))
}
