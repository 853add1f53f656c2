import type { Widths } from '../ports'
import type { Importance } from '../pruning/criteria'
import { topUnits } from '../pruning/widths'
import type { PlanFamily } from './fit-target'

/** A group as it is now, with a score per unit that compares across groups. */
export interface ScoredGroup {
  readonly id: string
  readonly scores: Importance
}

export interface ThresholdFamily extends PlanFamily {
  /** Units kept per group, ascending. */
  keep(share: number): Map<string, number[]>
}

/**
 * One threshold for all channels of the network, a fixed percentile of their scores: those below go, wherever they are
 * (Liu et al., ICCV 2017; Long et al., 2020). `least` units of each group stay, so that no layer is cut through.
 * @param total channels that a share is of: those of the original, where groups have lost some already
 */
export function globalThreshold(groups: readonly ScoredGroup[], total: number, least = 1): ThresholdFamily {
  const all = groups.flatMap(({ scores }, group) => Array.from(scores, (score, unit) => ({ group, unit, score })))
  all.sort((a, b) => b.score - a.score || a.group - b.group || a.unit - b.unit)
  const counts = (share: number): number[] => {
    const kept = groups.map(() => 0)
    for (const { group } of all.slice(0, Math.max(0, Math.floor(share * total + 1e-9)))) kept[group]! += 1
    return kept.map((count, group) => Math.max(count, Math.min(least, groups[group]!.scores.length)))
  }
  return {
    widths: (share): Widths => Object.fromEntries(counts(share).map((count, group) => [groups[group]!.id, count])),
    keep: (share) =>
      new Map(counts(share).map((count, group) => [groups[group]!.id, topUnits(groups[group]!.scores, count)])),
  }
}
