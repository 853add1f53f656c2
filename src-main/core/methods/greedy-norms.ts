import type { CoupledGroup } from '../coupling/groups'
import type { Network } from '../graph/network'
import type { Widths } from '../ports'
import { scoreUnits } from '../pruning/criteria'
import { topUnits } from '../pruning/widths'
import { multiplied, type AxisFactors } from './filters/masks'

/**
 * Filters by L1 norm, layer after layer: kernels over feature maps that are already pruned do not count in the norms of
 * the layers behind them (Li et al., ICLR 2017, section 3.3, "greedy").
 * @param groups in graph order
 * @returns units kept, of the groups that lose some
 */
export function greedyNorms(network: Network, groups: readonly CoupledGroup[], widths: Widths): Map<string, number[]> {
  const keep = new Map<string, number[]>()
  let left = network
  for (const group of groups) {
    const width = widths[group.id] ?? group.channels
    if (width >= group.channels) continue
    const units = topUnits(scoreUnits(left, group, 'l1'), width)
    keep.set(group.id, units)
    left = multiplied(left, unread(group, new Set(units)))
  }
  return keep
}

/** 0 where a layer reads a channel that goes. */
function unread(group: CoupledGroup, stays: ReadonlySet<number>): Map<string, AxisFactors> {
  const factors = new Map<string, AxisFactors>()
  for (const { tensor, axis, side, input, parts, units } of group.constants) {
    // A grouped weight counts its inputs within each group: its norms keep them.
    if (side !== 'in' || input !== 1 || parts > 1) continue
    factors.set(tensor, { axis, factors: Float64Array.from(units, (unit) => (unit < 0 || stays.has(unit) ? 1 : 0)) })
  }
  return factors
}
