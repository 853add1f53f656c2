import { fail } from '../failure'
import type { ResidualBranch } from '../coupling/branches'
import type { Coupling } from '../coupling/groups'
import { withoutDeadParts } from '../graph/clean'
import { elementCount, type Network, type NetworkNode, type Tensor, type TensorData } from '../graph/network'
import { replaceBranch } from './branches'
import { cutRules, type Cut, type CutContext, type KeptChannels } from './cuts'
import type { Keep } from './widths'

/** What surgery does to each initializer, before it is done: plan.json lists it. */
export interface InitializerCut {
  readonly tensor: string
  readonly axis: number
  readonly keep: readonly number[]
}

/**
 * Applies a plan: a new network without the channels cut. The given network is not touched; tensors that lose nothing
 * are shared. Removed branches leave their constant behind in one per-channel Add.
 *
 * @throws LupineError 'plan-unknown-group', 'plan-not-prunable', 'plan-empty-group', 'plan-index'
 */
export function applyPlan(
  coupling: Coupling,
  branches: readonly ResidualBranch[],
  keep: Keep,
  constant = true,
): Network {
  validate(coupling, branches, keep)
  const removed = branches.filter((branch) => branch.groups.some((id) => keep.get(id)?.length === 0))
  let { network } = coupling
  for (const branch of removed) network = replaceBranch(network, branch, constant)
  network = withoutDeadParts(network)
  const context = cutContext(coupling, network, keep)
  const initializers = new Map(network.initializers)
  const nodes: NetworkNode[] = []
  const done = new Set<string>()
  for (const node of network.nodes) {
    const cut: Cut = (node.domain === '' && cutRules[node.op]?.(node, context)) || { slices: [] }
    for (const { tensor, axis, keep: indices } of cut.slices) {
      // A weight two nodes share is cut once: its channels are one group.
      const key = `${tensor}@${axis}`
      if (done.has(key)) continue
      done.add(key)
      initializers.set(tensor, takeAlong(initializers.get(tensor)!, axis, indices))
    }
    for (const [name, tensor] of cut.added ?? []) initializers.set(name, tensor)
    nodes.push(cut.node ?? node)
  }
  return withoutDeadParts({ ...network, nodes, initializers })
}

/** The slices of initializers a group's plan causes, for plan.json. */
export function initializerCuts(coupling: Coupling, groupId: string, kept: readonly number[]): InitializerCut[] {
  const context = cutContext(coupling, coupling.network, new Map([[groupId, kept]]))
  return coupling.network.nodes.flatMap(
    (node) => (node.domain === '' && cutRules[node.op]?.(node, context).slices) || [],
  )
}

/** Channels of every tensor that the plan keeps. */
export function keptChannels(coupling: Coupling, keep: Keep): Map<string, number[]> {
  const masks = new Map<string, boolean[]>()
  for (const group of coupling.groups) {
    const units = keep.get(group.id)
    if (!units) continue
    const stays = new Set(units)
    for (const { tensor, units: unitOf } of group.members) {
      const mask = masks.get(tensor) ?? new Array<boolean>(unitOf.length).fill(true)
      unitOf.forEach((unit, channel) => {
        if (unit >= 0 && !stays.has(unit)) mask[channel] = false
      })
      masks.set(tensor, mask)
    }
  }
  return new Map([...masks].map(([tensor, mask]) => [tensor, mask.flatMap((on, channel) => (on ? [channel] : []))]))
}

function cutContext(coupling: Coupling, network: Network, keep: Keep): CutContext {
  const kept = keptChannels(coupling, keep)
  const counts = new Map(
    coupling.groups.flatMap((group) => group.members.map((m) => [m.tensor, m.units.length] as const)),
  )
  return {
    network,
    shapes: coupling.shapes,
    kept: (tensor): KeptChannels => kept.get(tensor),
    count: (tensor) => counts.get(tensor) ?? 0,
  }
}

/** `tensor` with only `indices` of `axis`. */
export function takeAlong(tensor: Tensor, axis: number, indices: readonly number[]): Tensor {
  const inner = elementCount(tensor.shape.slice(axis + 1))
  const outer = elementCount(tensor.shape.slice(0, axis))
  const size = tensor.shape[axis]!
  const Data = tensor.data.constructor as new (length: number) => TensorData
  const data = new Data(outer * indices.length * inner)
  for (let o = 0; o < outer; o++)
    indices.forEach((index, i) => {
      const from = (o * size + index) * inner
      data.set(tensor.data.subarray(from, from + inner) as Float32Array, (o * indices.length + i) * inner)
    })
  return { ...tensor, shape: tensor.shape.map((dim, i) => (i === axis ? indices.length : dim)), data }
}

function validate(coupling: Coupling, branches: readonly ResidualBranch[], keep: Keep): void {
  for (const [id, units] of keep) {
    const group = coupling.groups.find((candidate) => candidate.id === id)
    if (!group)
      throw fail(
        'input',
        'plan-unknown-group',
        `The plan names the group "${id}", which this model does not have.`,
        'Use the plan with the model it was made for.',
      )
    if (!group.prunable)
      throw fail(
        'input',
        'plan-not-prunable',
        `The plan prunes "${id}", which cannot be pruned: it ${group.why}.`,
        'Take this group out of the plan.',
      )
    const removable = branches.some((branch) => branch.groups.includes(id))
    if (units.length === 0 && !removable)
      throw fail(
        'input',
        'plan-empty-group',
        `The plan keeps no channel of "${id}", which is not inside a removable residual branch.`,
        'Keep at least one channel.',
      )
    const wrong = units.find(
      (unit, i) => !Number.isInteger(unit) || unit < 0 || unit >= group.channels || (i > 0 && unit <= units[i - 1]!),
    )
    if (wrong !== undefined)
      throw fail(
        'input',
        'plan-index',
        `The plan's index ${wrong} of "${id}" is out of order or out of range (0 to ${group.channels - 1}).`,
        'List each index once, ascending.',
      )
  }
}
