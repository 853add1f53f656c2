import { trainableInitializers } from '../graph/cost'
import { elementCount } from '../graph/network'
import type { GroupMember } from '../coupling/groups'
import type { Widths } from '../ports'
import { followedBy } from './kept'
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
  /** Indices of the branches whose removal takes it away. */
  readonly goesWith: readonly number[]
  /** The branch whose removal brings it: the constant it leaves behind. */
  readonly comesWith?: number
}

/** One node's use of an initializer. */
interface Reader {
  readonly axes: readonly Axis[]
  readonly goesWith: readonly number[]
  /** What it follows of each group. */
  readonly marks: readonly { readonly group: string; readonly channels: number; readonly follows: string }[]
}

/** An initializer and the nodes that read it. */
interface Shared {
  readonly amounts: Term['amounts']
  readonly readers: readonly Reader[]
}

/**
 * MACs, parameters and weight bytes of any widths as fractions of the original, without surgery: every layer's cost is
 * its original cost times the kept fraction of each axis of its weight. Exact for all ops whose costs `graph/cost.ts`
 * counts (a test compares the two) where the units of a group are equally large, and fast enough to be asked 10⁵ times.
 */
export function createCostModel(subject: Subject): CostModel {
  const constants = axesBy(
    subject,
    (group) => group.constants,
    ({ node, input, axis }) => `${node}#${input}@${axis}`,
  )
  const axesOf: AxesOf = (node, input, axis) => constants.get(`${node}#${input}@${axis}`)
  const terms = termsOf(subject, axesOf)
  const shared = sharedOf(subject, axesOf)
  const branches = subject.branches
  const totals = { macs: 0, params: 0, bytes: 0 }
  for (const { amounts, comesWith } of terms)
    if (comesWith === undefined) for (const kind of kinds) totals[kind] += amounts[kind]
  for (const { amounts } of shared) for (const kind of kinds) totals[kind] += amounts[kind]
  return {
    cost(kind: CostKind, widths: Widths): number {
      if (kind === 'latency') throw new RangeError('latency is not a closed form')
      const removed = branches.map((branch) => branch.groups.some((id) => widths[id] === 0))
      let sum = 0
      for (const term of terms) {
        if (term.goesWith.some((branch) => removed[branch])) continue
        if (term.comesWith !== undefined && !removed[term.comesWith]) continue
        sum += term.axes.reduce((amount, axis) => amount * keptFraction(axis, widths), term.amounts[kind])
      }
      if (kind !== 'macs') for (const each of shared) sum += sharedAmount(each, kind, widths, removed)
      return totals[kind] > 0 ? sum / totals[kind] : 1
    },
  }
}

/** Readers that follow the same cut channels share one copy (surgery.ts). */
function sharedAmount({ amounts, readers }: Shared, kind: Kind, widths: Widths, removed: readonly boolean[]): number {
  const copies = new Set<string>()
  let sum = 0
  for (const { axes, goesWith, marks } of readers) {
    if (goesWith.some((branch) => removed[branch])) continue
    if (readers.length > 1) {
      const cut = marks.filter(({ group, channels }) => (widths[group] ?? channels) < channels)
      const key = cut.map(({ follows }) => follows).join('|')
      if (copies.has(key)) continue
      copies.add(key)
    }
    sum += axes.reduce((amount, axis) => amount * keptFraction(axis, widths), amounts[kind])
  }
  return sum
}

type Kind = (typeof kinds)[number]
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

type AxesOf = (node: string, input: number, axis: number) => Axis | undefined

const branchesOf = (branches: Subject['branches'], node: string): number[] =>
  branches.flatMap(({ nodes }, index) => (nodes.includes(node) ? index : []))

/** The work of every node, and the constants that removed branches leave behind. */
function termsOf(subject: Subject, axesOf: AxesOf): Term[] {
  const { network, coupling, cost, branches } = subject
  const macs = new Map(cost.nodes.map((node) => [node.node, node.macs]))
  const activations = axesBy(
    subject,
    (group) => group.members,
    ({ tensor }) => tensor,
  )
  const left = branches.flatMap(({ output, add }, comesWith): Term[] => {
    const axis = activations.get(output)
    // Where the output's channels are not followed, its shape says how many there are.
    const size = axis?.total ?? Number(coupling.shapes.get(output)?.[1])
    return [
      {
        amounts: { macs: 0, params: size, bytes: 4 * size },
        axes: axis ? [axis] : [],
        goesWith: branchesOf(branches, add),
        comesWith,
      },
    ]
  })
  const work = network.nodes.flatMap((node): Term[] => {
    const weight = [0, 1].flatMap((axis) => axesOf(node.name, 1, axis) ?? [])
    // A dense layer over another axis has no channels of its own, yet works on as many as there are.
    const output = activations.get(node.outputs[0]!)
    const amount = macs.get(node.name) ?? 0
    if (amount === 0) return []
    const axes = weight.length > 0 ? weight : output ? [output] : []
    return [{ amounts: { macs: amount, params: 0, bytes: 0 }, goesWith: branchesOf(branches, node.name), axes }]
  })
  return [...work, ...left]
}

/** Every initializer with its readers. */
function sharedOf({ network, coupling, branches }: Subject, axesOf: AxesOf): Shared[] {
  const trainable = trainableInitializers(network)
  const marks = new Map<string, Reader['marks'][number][]>()
  for (const group of coupling.groups)
    for (const use of group.constants) {
      const key = `${use.node}#${use.input}`
      const own = marks.get(key)
      const mark = { group: group.id, channels: group.channels, follows: `${use.axis}:${followedBy(group, use)}` }
      if (own) own.push(mark)
      else marks.set(key, [mark])
    }
  const readers = new Map<string, Reader[]>()
  for (const node of network.nodes)
    node.inputs.forEach((name, input) => {
      const tensor = network.initializers.get(name)
      if (!tensor) return
      const axes = tensor.shape.flatMap((_, axis) => axesOf(node.name, input, axis) ?? [])
      const reader = {
        axes,
        goesWith: branchesOf(branches, node.name),
        marks: marks.get(`${node.name}#${input}`) ?? [],
      }
      const own = readers.get(name)
      if (own) own.push(reader)
      else readers.set(name, [reader])
    })
  return [...readers].map(([name, own]) => {
    const tensor = network.initializers.get(name)!
    const params = trainable.has(name) ? elementCount(tensor.shape) : 0
    return { amounts: { macs: 0, params, bytes: tensor.data.byteLength }, readers: own }
  })
}
