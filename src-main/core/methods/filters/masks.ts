import type { CoupledGroup, GroupConstant } from '../../coupling/groups'
import { elementCount, type Network, type Tensor } from '../../graph/network'
import { prunedCount, type FilterStep } from './schedule'

/** Units of a group that are pruned, ascending; the hard ones are among the soft ones. */
export interface PrunedUnits {
  /** M = 0. */
  readonly soft: readonly number[]
  /** M_h = 0: at zero for good. */
  readonly hard: readonly number[]
}

/** Group → what is pruned of it. Plain JSON as entries. */
export type FilterMasks = ReadonlyMap<string, PrunedUnits>

/**
 * Euclidean norm of each unit's filters: of one convolution as in the papers, of all layers that make the unit where a
 * residual stream is pruned (our reading).
 */
export function filterNorms(network: Network, group: CoupledGroup): Float64Array {
  const squares = new Float64Array(group.channels)
  for (const { tensor, axis, units } of filters(group)) {
    const { shape, data } = network.initializers.get(tensor)!
    forEachRow(shape, axis, (channel, index) => {
      const unit = units[channel]!
      if (unit >= 0) squares[unit]! += Number(data[index]) ** 2
    })
  }
  return squares.map((sum) => Math.sqrt(sum))
}

/**
 * Which units are pruned at a step: the int(N·P_t) of least norm, of which the int(N·P_t·λ_t) least are hard. Those that
 * are hard already stay so, whatever their norm: the hard set only grows.
 * @param parts group → the part of P_t that is its own; all of it where absent
 */
export function nextMasks(
  network: Network,
  groups: readonly CoupledGroup[],
  { rate, lambda }: Pick<FilterStep, 'rate' | 'lambda'>,
  before: FilterMasks = new Map(),
  parts: Readonly<Record<string, number>> = {},
): Map<string, PrunedUnits> {
  return new Map(
    groups.map((group) => {
      const norms = filterNorms(network, group)
      const own = rate * (parts[group.id] ?? 1)
      const already = new Set(before.get(group.id)?.hard)
      const first = (unit: number): number => (already.has(unit) ? 0 : 1)
      const ranked = Array.from(norms.keys()).sort((a, b) => first(a) - first(b) || norms[a]! - norms[b]! || a - b)
      const hard = Math.max(already.size, prunedCount(group.channels, own * lambda))
      const soft = Math.max(hard, prunedCount(group.channels, own))
      const lowest = (count: number): number[] => ranked.slice(0, count).sort((a, b) => a - b)
      return [group.id, { soft: lowest(soft), hard: lowest(hard) }]
    }),
  )
}

/** What a tensor's values along an axis are multiplied by. */
export interface AxisFactors {
  readonly axis: number
  readonly factors: Float64Array
}

/**
 * W ← W ⊙ [M + α·(1 − M) ⊙ M_h] as factors per tensor: softly pruned filters (and their biases) by α, hard ones by 0,
 * with everything else of the channel, BN's scale and shift among it.
 */
export function maskFactors(
  network: Network,
  groups: readonly CoupledGroup[],
  masks: FilterMasks,
  alpha: number,
): Map<string, AxisFactors> {
  const norms = new Set(network.nodes.filter(({ op }) => op === 'BatchNormalization').map(({ name }) => name))
  const result = new Map<string, AxisFactors>()
  for (const group of groups) {
    const own = masks.get(group.id)
    if (!own) continue
    const makes = new Set(filters(group))
    const [soft, hard] = [new Set(own.soft), new Set(own.hard)]
    for (const use of group.constants) {
      if (use.side !== 'out' || (norms.has(use.node) && use.input > 2)) continue
      const softly = makes.has(use) || (use.input === 2 && group.producers.includes(use.node))
      const known = result.get(use.tensor)
      const factors = known?.factors ?? new Float64Array(use.units.length).fill(1)
      use.units.forEach((unit, channel) => {
        if (hard.has(unit)) factors[channel] = 0
        else if (softly && soft.has(unit)) factors[channel] = alpha
      })
      result.set(use.tensor, { axis: use.axis, factors })
    }
  }
  return result
}

/** Tensors multiplied along their axes; the others are shared. */
export function multiplied(network: Network, factors: ReadonlyMap<string, AxisFactors>): Network {
  const initializers = new Map<string, Tensor>(network.initializers)
  for (const [name, { axis, factors: each }] of factors) {
    if (each.every((factor) => factor === 1)) continue
    const tensor = initializers.get(name)!
    const data = Float32Array.from(tensor.data as Float32Array)
    forEachRow(tensor.shape, axis, (channel, index) => (data[index]! *= each[channel]!))
    initializers.set(name, { ...tensor, data })
  }
  return { ...network, initializers }
}

/** Groups this works on: each filter lies in one piece (a grouped transposed convolution's are spread over its groups). */
export const hasWholeFilters = (group: CoupledGroup): boolean => filters(group).every(({ parts }) => parts === 1)

/** Weights that make a group's channels. */
const filters = (group: CoupledGroup): GroupConstant[] =>
  group.constants.filter(({ node, input, side }) => input === 1 && side === 'out' && group.producers.includes(node))

function forEachRow(shape: readonly number[], axis: number, visit: (channel: number, index: number) => void): void {
  const size = shape[axis]!
  const inner = elementCount(shape.slice(axis + 1))
  const count = elementCount(shape)
  for (let i = 0; i < count; i++) visit(Math.floor(i / inner) % size, i)
}
