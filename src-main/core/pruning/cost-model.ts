import { trainableInitializers } from '../graph/cost'
import { elementCount } from '../graph/network'
import type { GroupMember } from '../coupling/groups'
import type { Widths } from '../ports'
import type { CostKind, CostModel } from '../search/budget'
import type { Subject } from './subject'

/** An axis that groups can shrink. */
interface Axis {
  /** Positions along it. */
  readonly total: number
  /** Group → its positions and its units in all. */
  readonly groups: Map<string, { positions: number; channels: number }>
}

/** An amount that scales with what is kept of some axes. */
interface Term {
  readonly amounts: Readonly<Record<'macs' | 'params' | 'bytes', number>>
  readonly axes: readonly Axis[]
  /** Index of the branch whose removal takes the node away; −1: none. */
  readonly branch: number
}

/**
 * MACs, parameters and weight bytes of any widths as fractions of the original, without surgery: every layer's cost is
 * its original cost times the kept fraction of each axis of its weight. Exact for all ops whose costs `graph/cost.ts`
 * counts (a test compares the two) where the units of a group are equally large, and fast enough to be asked 10⁵ times.
 */
export function createCostModel(subject: Subject): CostModel {
  const terms = termsOf(subject)
  const branches = subject.branches
  const totals = { macs: 0, params: 0, bytes: 0 }
  for (const { amounts } of terms) for (const kind of kinds) totals[kind] += amounts[kind]
  return {
    cost(kind: CostKind, widths: Widths): number {
      if (kind === 'latency') throw new RangeError('latency is not a closed form')
      const removed = branches.map((branch) => branch.groups.some((id) => widths[id] === 0))
      let sum = 0
      for (const term of terms) {
        if (term.branch >= 0 && removed[term.branch]) continue
        sum += term.axes.reduce((amount, axis) => amount * keptFraction(axis, widths), term.amounts[kind])
      }
      return totals[kind] > 0 ? sum / totals[kind] : 1
    },
  }
}

const kinds = ['macs', 'params', 'bytes'] as const

function keptFraction({ total, groups }: Axis, widths: Widths): number {
  let kept = total
  for (const [id, { positions, channels }] of groups) {
    const width = widths[id]
    if (width !== undefined) kept -= positions * (1 - width / channels)
  }
  return kept / total
}

/** Every axis that a group's members or constants shrink, under the key `keyOf` gives it. */
function axesBy<Member extends GroupMember>(
  subject: Subject,
  membersOf: (group: Subject['coupling']['groups'][number]) => readonly Member[],
  keyOf: (member: Member) => string,
): Map<string, Axis> {
  const axes = new Map<string, Axis>()
  for (const group of subject.coupling.groups)
    for (const member of membersOf(group)) {
      const key = keyOf(member)
      const axis = axes.get(key) ?? { total: member.units.length, groups: new Map() }
      axes.set(key, axis)
      const positions = member.units.reduce((count, unit) => count + (unit >= 0 ? 1 : 0), 0)
      axis.groups.set(group.id, { positions, channels: group.channels })
    }
  return axes
}

function termsOf(subject: Subject): Term[] {
  const { network, cost, branches } = subject
  const trainable = trainableInitializers(network)
  const macs = new Map(cost.nodes.map((node) => [node.node, node.macs]))
  const activations = axesBy(
    subject,
    (group) => group.members,
    ({ tensor }) => tensor,
  )
  const constants = axesBy(
    subject,
    (group) => group.constants,
    ({ node, input, axis }) => `${node}#${input}@${axis}`,
  )
  const branchOf = new Map(branches.flatMap(({ nodes }, index) => nodes.map((node) => [node, index] as const)))
  const seen = new Set<string>()
  return network.nodes.flatMap((node): Term[] => {
    const branch = branchOf.get(node.name) ?? -1
    const terms: Term[] = []
    const weight = [0, 1].flatMap((axis) => constants.get(`${node.name}#1@${axis}`) ?? [])
    // A dense layer over another axis has no channels of its own, yet works on as many as there are.
    const output = activations.get(node.outputs[0]!)
    const work = macs.get(node.name) ?? 0
    if (work > 0)
      terms.push({
        amounts: { macs: work, params: 0, bytes: 0 },
        branch,
        axes: weight.length > 0 ? weight : output ? [output] : [],
      })
    node.inputs.forEach((name, input) => {
      const tensor = network.initializers.get(name)
      if (!tensor || seen.has(name)) return
      seen.add(name)
      const params = trainable.has(name) ? elementCount(tensor.shape) : 0
      const axes = tensor.shape.flatMap((_, axis) => constants.get(`${node.name}#${input}@${axis}`) ?? [])
      terms.push({ amounts: { macs: 0, params, bytes: tensor.data.byteLength }, branch, axes })
    })
    return terms
  })
}
