import { median } from '../statistics/robust'
import type { StaircasePoint, StaircaseStep } from './table'

export interface Treads {
  /** From wide to narrow. */
  readonly steps: StaircaseStep[]
  /** Ratio per point after averaging over its tread; in the order of the points. */
  readonly levels: number[]
}

/**
 * A staircase as treads with jumps between them: the partition of the widths into runs with the least weighted squared
 * error, where each further run must earn `threshold`² (optimal partitioning; Jackson et al., "An algorithm for optimal
 * partitioning of data on an interval", IEEE SPL 12(2), 2005). Neighbours on a tread vouch for each other, so a jump of
 * one standard error is found between long treads. What rises evenly (a memory-bound layer) is a slope, not steps.
 *
 * @param points by rising width, all above 0
 * @param threshold what a step must exceed, in standard errors of the difference of its two treads
 */
export function findTreads(points: readonly StaircasePoint[], threshold = 3.5): Treads {
  const n = points.length
  if (n === 0) return { steps: [], levels: [] }
  const slope = commonSlope(points)
  const flat = points.map(({ kept, ratio }) => ratio - slope * kept)
  const weights = weightsOf(points)
  // Prefix sums of w, w·x, w·x², so that a run's error is a constant-time question.
  const sums = [new Float64Array(n + 1), new Float64Array(n + 1), new Float64Array(n + 1)] as const
  const centre = flat[n - 1]!
  for (let i = 0; i < n; i++) {
    const x = flat[i]! - centre
    sums[0][i + 1] = sums[0][i]! + weights[i]!
    sums[1][i + 1] = sums[1][i]! + weights[i]! * x
    sums[2][i + 1] = sums[2][i]! + weights[i]! * x * x
  }
  const over = (k: 0 | 1 | 2, from: number, to: number): number => sums[k][to]! - sums[k][from]!
  const error = (from: number, to: number): number => over(2, from, to) - over(1, from, to) ** 2 / over(0, from, to)
  const best = new Float64Array(n + 1)
  const start = new Int32Array(n + 1)
  for (let to = 1; to <= n; to++) {
    best[to] = Infinity
    for (let from = 0; from < to; from++) {
      const cost = best[from]! + error(from, to) + threshold * threshold
      if (cost < best[to]!) [best[to], start[to]] = [cost, from]
    }
  }
  const levels = new Array<number>(n)
  const steps: StaircaseStep[] = []
  let above: number | undefined
  for (let to = n; to > 0; to = start[to]!) {
    const from = start[to]!
    const level = centre + over(1, from, to) / over(0, from, to)
    for (let i = from; i < to; i++) levels[i] = level + slope * points[i]!.kept
    if (above !== undefined) steps.push({ from: points[to]!.kept, to: points[to - 1]!.kept, drop: above - level })
    above = level
  }
  return { steps, levels }
}

/** What neighbours on a tread differ by per channel: the mean of the smaller half of all differences. */
function commonSlope(points: readonly StaircasePoint[]): number {
  if (points.length < 4) return 0
  const slopes = points
    .slice(1)
    .map((point, i) => (point.ratio - points[i]!.ratio) / (point.kept - points[i]!.kept))
    .sort((a, b) => Math.abs(a) - Math.abs(b))
    .slice(0, Math.ceil(points.length / 2))
  return slopes.reduce((sum, slope) => sum + slope, 0) / slopes.length
}

/** 1/σ². The untouched network is 1 by definition, but no point decides alone. */
function weightsOf(points: readonly StaircasePoint[]): number[] {
  const noises = points.map(({ noise }) => noise).filter((noise) => noise > 0)
  const usual = noises.length > 0 ? median(noises) : 1e-6
  return points.map(({ noise }) => 1 / Math.max(noise, usual / 3, 1e-9) ** 2)
}
