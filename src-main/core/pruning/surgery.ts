import { fail } from '../failure'
import type { ResidualBranch } from '../coupling/branches'
import type { Coupling } from '../coupling/groups'
import { findShuffles } from '../coupling/shuffle'
import { withoutDeadParts } from '../graph/clean'
import type { Network, NetworkNode, Tensor } from '../graph/network'
import { replaceBranch } from './branches'
import { cutRules, type CutContext } from './cuts'
import { keptChannels, keptConstants, type KeptConstant } from './kept'
import { takeAlong, takePerPart } from './slicing'
import type { Keep } from './widths'

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
  const kept = keptChannels(coupling, keep)
  for (const branch of removed) {
    const rank = coupling.shapes.get(branch.output)!.length
    network = replaceBranch(network, branch, constant, rank, kept.get(branch.output)?.indices)
  }
  network = withoutDeadParts(network)
  const context: CutContext = {
    network,
    shapes: coupling.shapes,
    shuffles: findShuffles(network, coupling.shapes),
    kept: (tensor) => kept.get(tensor ?? ''),
  }
  const initializers = new Map(network.initializers)
  const cutInput = constantCutter(network, keptConstants(coupling, keep), initializers)
  const nodes = network.nodes.map((node) => {
    const cut = node.domain === '' ? cutRules[node.op]?.(node, context) : undefined
    for (const [name, tensor] of cut?.added ?? []) initializers.set(name, tensor)
    const { inputs } = cut?.node ?? node
    const sliced = inputs.map((input, i) => cutInput(node, i) ?? input)
    return cut || sliced.some((input, i) => input !== inputs[i]) ? { ...(cut?.node ?? node), inputs: sliced } : node
  })
  return withoutDeadParts({ ...network, nodes, initializers })
}

/**
 * Slices the constants a node reads and gives the name the node then reads: the old one, or a new one where another
 * node reads the same constant and keeps other parts of it.
 */
function constantCutter(network: Network, cuts: readonly KeptConstant[], initializers: Map<string, Tensor>) {
  const byInput = new Map<string, KeptConstant[]>()
  for (const cut of cuts) {
    const key = `${cut.node}#${cut.input}`
    byInput.set(key, [...(byInput.get(key) ?? []), cut])
  }
  const signatures = new Map<string, Set<string>>()
  for (const node of network.nodes)
    node.inputs.forEach((input, i) => {
      if (!network.initializers.has(input)) return
      const known = signatures.get(input) ?? new Set()
      signatures.set(input, known.add(signatureOf(byInput.get(`${node.name}#${i}`))))
    })
  const made = new Map<string, string>()
  return (node: NetworkNode, index: number): string | undefined => {
    const own = byInput.get(`${node.name}#${index}`)
    const original = network.initializers.get(own?.[0]?.tensor ?? '')
    if (!own || !original) return undefined
    const { tensor } = own[0]!
    const key = `${tensor}|${signatureOf(own)}`
    let name = made.get(key)
    if (name === undefined) {
      name = signatures.get(tensor)!.size > 1 ? `${tensor}/${node.name}` : tensor
      initializers.set(name, sliced(original, own))
      made.set(key, name)
    }
    return name
  }
}

const signatureOf = (cuts: readonly KeptConstant[] = []): string =>
  cuts.map(({ axis, indices, perPart, follows }) => `${axis}:${(perPart ?? indices).join()}:${follows}`).join('|')

/** Parts first: a grouped weight's parts are told apart by its rows, so before rows are cut. */
const sliced = (tensor: Tensor, cuts: readonly KeptConstant[]): Tensor =>
  [...cuts.filter(({ perPart }) => perPart), ...cuts.filter(({ perPart }) => !perPart)].reduce(
    (left, { axis, indices, perPart }) => (perPart ? takePerPart(left, perPart) : takeAlong(left, axis, indices)),
    tensor,
  )

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
