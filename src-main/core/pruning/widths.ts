import type { ResidualBranch } from '../coupling/branches'
import type { CoupledGroup } from '../coupling/groups'
import type { Widths } from '../ports'
import type { Importance } from './criteria'

/** Units kept per group, ascending. A group that is absent stays whole; an empty list removes its branch. */
export type Keep = ReadonlyMap<string, readonly number[]>

/** The most important units, as many as the width says; ties keep the lower index, so that plans are reproducible. */
export function topUnits(importance: Importance, count: number): number[] {
  return Array.from(importance.keys())
    .sort((a, b) => importance[b]! - importance[a]! || a - b)
    .slice(0, count)
    .sort((a, b) => a - b)
}

/**
 * Counts per group → units per group. Where any group inside a residual branch is at 0 the whole branch goes: all its
 * groups are emptied.
 */
export function keepFromWidths(
  widths: Widths,
  groups: readonly CoupledGroup[],
  branches: readonly ResidualBranch[],
  importance: ReadonlyMap<string, Importance>,
): Map<string, readonly number[]> {
  const keep = new Map<string, readonly number[]>()
  for (const group of groups) {
    const width = widths[group.id]
    if (width === undefined || width >= group.channels) continue
    keep.set(group.id, width === 0 ? [] : topUnits(importance.get(group.id)!, width))
  }
  for (const branch of branches)
    if (branch.groups.some((id) => keep.get(id)?.length === 0)) for (const id of branch.groups) keep.set(id, [])
  return keep
}

/** The same part of every group's channels. */
export const evenWidths = (
  groups: readonly Pick<CoupledGroup, 'id' | 'channels'>[],
  ratio: number,
): Record<string, number> =>
  Object.fromEntries(groups.map(({ id, channels }) => [id, roundedWidth(channels, ratio, 1)]))

/** `ratio` of the channels, rounded to a multiple of `round` where the group is wide enough, at least one. */
export function roundedWidth(channels: number, ratio: number, round: number): number {
  const step = Math.min(round, channels)
  return Math.min(channels, Math.max(step, Math.round((channels * ratio) / step) * step))
}
