import type { LatencyMeasurement, Widths } from '../ports'
import { MAD_TO_SIGMA } from '../statistics/robust'
import { borrowLevels } from './borrow'
import { findTreads } from './treads'
import {
  type LatencyGroup,
  type LatencyTable,
  levelOf,
  type MacsFraction,
  type PlannedPoint,
  removableBranches,
  type Staircase,
  type StaircasePoint,
} from './table'

export interface MeasuredPoint {
  readonly point: PlannedPoint
  readonly measurement: LatencyMeasurement
}

export interface BuildOptions {
  readonly macs?: MacsFraction
  /** See `findTreads`. */
  readonly threshold?: number
}

/** Standard error of a measured ratio, from the MAD; the median of n normal samples varies √(π/2n) as much as one. */
export function ratioNoise(measurement: LatencyMeasurement): number {
  const relative = (MAD_TO_SIGMA * measurement.mad) / measurement.median
  const samples = measurement.samples ?? 1
  return measurement.ratio * relative * (samples > 1 ? Math.sqrt(Math.PI / (2 * samples)) : 1)
}

/**
 * Staircases from the measured variants of `planTable`. Where several groups were pruned together, each gets the share
 * of the saving that its MACs have in it.
 */
export function buildTable(
  groups: readonly LatencyGroup[],
  measured: readonly MeasuredPoint[],
  options: BuildOptions = {},
): LatencyTable {
  const { macs, threshold } = options
  const share = (point: PlannedPoint, single: Widths): number => {
    const all = macs ? 1 - macs(point.widths) : 0
    const alone = macs ? 1 - macs(single) : 0
    return all > 0 && alone > 0 ? alone / all : 1 / point.members.length
  }
  const points = new Map<string, StaircasePoint[]>()
  const toPoint = (single: Widths, { point, measurement }: MeasuredPoint): StaircasePoint => {
    const part = share(point, single)
    return { kept: point.kept, ratio: 1 - (1 - measurement.ratio) * part, noise: ratioNoise(measurement) * part }
  }
  const add = (signature: string, point: StaircasePoint): void => {
    points.set(signature, [...(points.get(signature) ?? []), point])
  }
  for (const entry of measured) {
    const { kept, members, signature } = entry.point
    if (kept > 0) add(signature, toPoint({ [members[0]!]: kept }, entry))
  }
  const removals: Record<string, number> = {}
  for (const [signature, alike] of removableBranches(groups)) {
    const entry = measured.find(({ point }) => point.kept === 0 && point.signature === signature)
    if (!entry) continue
    const first = alike.find(([name]) => name === entry.point.members[0])?.[1] ?? alike[0]![1]
    const point = toPoint(Object.fromEntries(first.map((group) => [group.id, 0])), entry)
    for (const [name] of alike) removals[name] = point.ratio
    // A branch of several groups has no width of its own: only a lone group shows its removal on its staircase.
    if (first.length === 1) add(signature, point)
  }
  const staircases: Record<string, Staircase> = {}
  for (const { signature, channels } of groups) {
    const untouched = { kept: channels, ratio: 1, noise: 0 }
    const list = [...(points.get(signature) ?? []), untouched].sort((a, b) => a.kept - b.kept)
    staircases[signature] ??= { channels, ...withTreads(list, threshold) }
  }
  const read = macs ? borrowLevels(staircases, groups, macs) : staircases
  // A lone group's removal is a point of its staircase too.
  for (const { id, branch, signature } of groups) {
    const removed = read[signature]!.points.find(({ kept }) => kept === 0)
    if (removed?.level !== undefined && removals[branch ?? id] !== undefined) removals[branch ?? id] = removed.level
  }
  return { version: 1, groups, staircases: read, removals }
}

/** Points by rising width with their treads; a removed branch (width 0) is no tread. */
function withTreads(list: readonly StaircasePoint[], threshold?: number): Pick<Staircase, 'points' | 'steps'> {
  const widths = list.filter(({ kept }) => kept > 0)
  const { steps, levels } = findTreads(widths, threshold)
  const levelled = widths.map((point, i) => ({ ...point, level: point.noise === 0 ? point.ratio : levels[i]! }))
  return { points: [...list.filter(({ kept }) => kept === 0), ...levelled], steps }
}

/**
 * Ratio at a width: measured, or interpolated linearly between the measured widths of the same parity (where there are
 * two), since on a staircase 33 channels may cost more than 40. Below the smallest measured width, that width's ratio.
 */
export function ratioAt(staircase: Staircase, kept: number): number {
  const widths = staircase.points.filter((point) => point.kept > 0)
  const alike = widths.filter((point) => (point.kept - kept) % 2 === 0)
  const points = alike.length >= 2 ? alike : widths
  const low = points.findLast((point) => point.kept <= kept)
  const high = points.find((point) => point.kept >= kept) ?? widths.find((point) => point.kept >= kept)
  if (!low || !high || low.kept === high.kept) {
    const point = low ?? high
    return point ? levelOf(point) : 1
  }
  return levelOf(low) + ((levelOf(high) - levelOf(low)) * (kept - low.kept)) / (high.kept - low.kept)
}
