import { trainableInitializers } from '../graph/cost'
import { elementCount } from '../graph/network'
import type { Widths } from '../ports'
import type { CostKind, CostModel } from '../search/budget'
import type { Subject } from './subject'

/** An amount that scales with the channels kept of up to two tensors. */
interface Term {
  readonly amounts: Readonly<Record<'macs' | 'params' | 'bytes', number>>
  /** Per scaled axis: channels in all, and those of each group that can shrink it. */
  readonly axes: readonly { readonly total: number; readonly groups: ReadonlyMap<string, number> }[]
  /** Index of the branch whose removal takes the node away; −1: none. */
  readonly branch: number
}

/**
 * MACs, parameters and weight bytes of any widths as fractions of the original, without surgery: every layer's cost is
 * its original cost times the kept fraction of its input and of its output channels. Exact for all ops whose costs
 * `graph/cost.ts` counts (a test compares the two), and fast enough to be asked 10⁵ times.
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
        let amount = term.amounts[kind]
        for (const { total, groups } of term.axes) {
          let kept = total
          for (const [id, count] of groups) {
            const width = widths[id]
            if (width !== undefined) kept -= count - width
          }
          amount *= kept / total
        }
        sum += amount
      }
      return totals[kind] > 0 ? sum / totals[kind] : 1
    },
  }
}

const kinds = ['macs', 'params', 'bytes'] as const

function termsOf(subject: Subject): Term[] {
  const { network, coupling, cost, branches } = subject
  const trainable = trainableInitializers(network)
  const macs = new Map(cost.nodes.map((node) => [node.node, node.macs]))
  const seen = new Set<string>()
  const axis = (tensor: string) => {
    const groups = new Map<string, number>()
    let total = 0
    for (const group of coupling.groups)
      for (const member of group.members)
        if (member.tensor === tensor) {
          total = member.units.length
          // A flattened tensor holds a unit several times over; the fraction kept is the same.
          groups.set(group.id, group.channels)
        }
    return { total: total && totalUnits(groups), groups }
  }
  return network.nodes.flatMap((node): Term[] => {
    const branch = branches.findIndex((candidate) => candidate.nodes.includes(node.name))
    const input = axis(node.inputs[0]!)
    const output = axis(node.outputs[0]!)
    const depthwise = node.op === 'Conv' && Number(node.attributes['group'] ?? 1) > 1
    const terms: Term[] = []
    const push = (amounts: Term['amounts'], axes: Term['axes']): void => {
      if (kinds.some((kind) => amounts[kind] > 0))
        terms.push({ amounts, branch, axes: axes.filter(({ total }) => total > 0) })
    }
    push({ macs: macs.get(node.name) ?? 0, params: 0, bytes: 0 }, depthwise ? [output] : [input, output])
    node.inputs.slice(1).forEach((name, i) => {
      const tensor = network.initializers.get(name)
      if (!tensor || seen.has(name)) return
      seen.add(name)
      const params = trainable.has(name) ? elementCount(tensor.shape) : 0
      const contracted = i === 0 && ['Conv', 'Gemm', 'MatMul'].includes(node.op)
      const follows = contracted || ['Conv', 'Gemm', 'BatchNormalization', 'InstanceNormalization'].includes(node.op)
      const axes = !follows ? [] : contracted && !depthwise ? [input, output] : [output]
      push({ macs: 0, params, bytes: tensor.data.byteLength }, axes)
    })
    return terms
  })
}

const totalUnits = (groups: ReadonlyMap<string, number>): number => [...groups.values()].reduce((a, b) => a + b, 0)
