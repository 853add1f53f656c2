import type { LatencyGroup } from '../latency/table'
import type { LatencyMeasurement, Score, Widths } from '../ports'
import type { LatencyKnowledge } from './latency-knowledge'

/**
 * What live views draw of a search; `contract/progress.ts` is how they read it. Plans travel as the channels kept per
 * group in the groups' order, which are told once: a search of 50,000 candidates stays a few megabytes.
 */
export interface LiveGroup {
  readonly id: string
  readonly channels: number
  readonly signature: string
}

/** Channels kept per group, in the order of the groups; 0 = the residual branch removed. */
export const keptOf = (groups: readonly LatencyGroup[], widths: Widths): number[] =>
  groups.map(({ id, channels }) => widths[id] ?? channels)

/** The groups; where the device was asked, its staircases, and how well they foretold plans that nobody had chosen. */
export function sceneData(groups: readonly LatencyGroup[], latency: LatencyKnowledge | undefined): object {
  const told = groups.map(({ id, channels, signature }): LiveGroup => ({ id, channels, signature }))
  if (!latency) return { groups: told }
  const { staircases, removals } = latency.table
  const checks = latency.checks.map(({ predicted, measured }) => ({ predicted, measured }))
  return { groups: told, staircases, removals, checks }
}

/** A candidate beside its fitness: the plan, and where a measurement of it is expected to lie. */
export function planData(
  groups: readonly LatencyGroup[],
  widths: Widths,
  latency: LatencyKnowledge | undefined,
  score?: Score,
): object {
  const interval = latency?.interval(widths)
  return {
    kept: keptOf(groups, widths),
    ...(interval && Number.isFinite(interval.high) && { low: interval.low, high: interval.high }),
    ...(score?.top1 !== undefined && { top1: score.top1 }),
    ...(score?.estimated && { estimated: true }),
  }
}

/** The latency of the unpruned network, ms, as one measurement of a pruned one has it. */
export const sentinelData = ({ median, ratio }: LatencyMeasurement): object => ({
  original: { latency: median / ratio },
})
