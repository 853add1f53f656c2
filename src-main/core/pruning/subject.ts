import { findBranches, type ResidualBranch } from '../coupling/branches'
import { findGroups, type CoupledGroup, type Coupling } from '../coupling/groups'
import { networkCost, type NetworkCost } from '../graph/cost'
import { opRow } from '../graph/ops'
import { withoutIdleSelections } from '../graph/selections'
import type { Network, NetworkNode } from '../graph/network'
import type { Widths } from '../ports'
import { scoreUnits, type Importance } from './criteria'
import { applyPlan } from './surgery'
import { keepFromWidths, type Keep } from './widths'

/** A network under pruning, with everything derived from it once: the same in every process that holds it. */
export interface Subject {
  readonly network: Network
  readonly coupling: Coupling
  readonly branches: readonly ResidualBranch[]
  /** The groups a search decides on by default: inside residual branches and plain chains, not residual streams. */
  readonly dimensions: readonly CoupledGroup[]
  readonly importance: ReadonlyMap<string, Importance>
  readonly cost: NetworkCost
}

export interface SubjectOptions {
  /** When it is known already. */
  readonly coupling?: Coupling
  /** A criterion that needs no data; default l1. */
  readonly criterion?: string
  /** Scores from elsewhere instead: by data, or of this network with its BN put back. */
  readonly importance?: ReadonlyMap<string, Importance>
  /** Ids of groups to leave alone; a residual branch with one of them stays, too. */
  readonly exclude?: readonly string[]
  /** Residual streams are decided on too. */
  readonly streams?: boolean
}

/**
 * @param network cleaned
 * @throws LupineError 'criterion-unknown', 'criterion-needs-data'
 */
export function createSubject(network: Network, options: SubjectOptions = {}): Subject {
  const { criterion = 'l1', exclude = [], streams = false, coupling = findGroups(network) } = options
  const prunable = coupling.groups.filter((group) => group.prunable)
  const score = (group: CoupledGroup) => scoreUnits(network, group, criterion)
  return {
    network,
    coupling,
    branches: findBranches(coupling).filter(({ groups }) => !groups.some((id) => exclude.includes(id))),
    dimensions: prunable.filter(
      ({ id, stream, channels }) => (streams || !stream) && channels > 1 && !exclude.includes(id),
    ),
    importance: options.importance ?? new Map(prunable.map((group) => [group.id, score(group)])),
    cost: networkCost(network, coupling.shapes),
  }
}

/** Units kept per group for these widths. */
export const subjectKeep = (subject: Subject, widths: Widths): Keep =>
  keepFromWidths(widths, subject.coupling.groups, subject.branches, subject.importance)

/** The pruned network for these widths. */
export const pruneSubject = (subject: Subject, widths: Widths): Network =>
  withoutIdleSelections(applyPlan(subject.coupling, subject.branches, subjectKeep(subject, widths)))

/** Layers whose MACs depend on a group's width. */
export function layersOf({ coupling: { network } }: Subject, group: CoupledGroup): NetworkNode[] {
  // Depthwise convolutions neither make nor sum channels, but they read constants of the group.
  const names = new Set([...group.producers, ...group.contractors, ...group.constants.map(({ node }) => node)])
  return network.nodes.filter((node) => names.has(node.name) && opRow(node)?.macs)
}

/**
 * What a group's layers look like apart from their names: groups with equal signatures cost the same time on a
 * device, so they share one staircase. Lists op, shapes of inputs and outputs and attributes of every layer whose
 * cost depends on the group.
 */
export function groupSignature(subject: Subject, group: CoupledGroup): string {
  const { shapes } = subject.coupling
  const parts = layersOf(subject, group).map((node) => {
    const dims = [...node.inputs, ...node.outputs].map((name) => (shapes.get(name) ?? []).join('x'))
    return `${node.op}(${dims.join(';')};${JSON.stringify(node.attributes)})`
  })
  const branch = subject.branches.find((candidate) => candidate.groups.includes(group.id))
  return `${parts.join('|')}|${branch ? `removable:${branch.groups.length}` : ''}`
}
