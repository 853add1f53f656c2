import { aliasesOf } from '../graph/aliases'
import type { Coupling } from '../coupling/groups'
import { contracts } from '../coupling/layers'
import type { Network, NetworkNode, Tensor } from '../graph/network'
import { keptChannels, type KeptChannels } from './kept'
import type { Keep } from './widths'

/** Tensors that feed an op which sums over the group's channels, with the indices a group's plan keeps there. */
export function maskedActivations(coupling: Coupling, groupId: string, kept: readonly number[]) {
  const channels = keptChannels(coupling, new Map([[groupId, kept]]))
  const { network } = coupling
  const aliases = aliasesOf(network)
  const fed = new Set(network.nodes.filter((node) => contracts(node, network)).map((node) => node.inputs[0]!))
  return [...channels]
    .filter(([tensor]) => fed.has(tensor))
    .flatMap(([name, { axis, indices }]) =>
      [name, ...(aliases.get(name) ?? [])].map((tensor) => ({ tensor, axis, keep: indices })),
    )
}

/**
 * The reference for every check of surgery: the original with a Mul mask in front of each op that sums over cut
 * channels. Run in onnxruntime it must give what the pruned network gives.
 */
export function maskedNetwork(coupling: Coupling, keep: Keep): Network {
  const { network } = coupling
  const kept = keptChannels(coupling, keep)
  const initializers = new Map(network.initializers)
  const nodes: NetworkNode[] = []
  const masked = new Map<string, string>()
  for (const node of network.nodes) {
    const input = node.inputs[0]!
    const channels = contracts(node, network) ? kept.get(input) : undefined
    if (!channels) {
      nodes.push(node)
      continue
    }
    let name = masked.get(input)
    if (!name) {
      name = `${input}/masked`
      masked.set(input, name)
      const shape = coupling.shapes.get(input)!
      initializers.set(`${input}/mask`, mask(shape.length, channels))
      nodes.push({ name, op: 'Mul', domain: '', inputs: [input, `${input}/mask`], outputs: [name], attributes: {} })
    }
    nodes.push({ ...node, inputs: [name, ...node.inputs.slice(1)] })
  }
  return { ...network, nodes, initializers }
}

function mask(rank: number, { axis, count, indices }: KeptChannels): Tensor {
  const data = new Float32Array(count)
  for (const channel of indices) data[channel] = 1
  return { type: 'float32', shape: Array.from({ length: rank }, (_, i) => (i === axis ? count : 1)), data }
}
