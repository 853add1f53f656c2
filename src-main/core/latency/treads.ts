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
  if (points.length === 0) return { steps: [], levels: [] }
  const weights = weightsOf(points)
  const found = [0, slopeWithin([0], points, weights)].map((first) => {
    let best = partition(points, weights, first, threshold)
    // The slope that is left within the treads moves their borders, which moves the slope; it settles soon.
    for (let round = 0; round < 5; round++) {
      const next = partition(points, weights, slopeWithin(best.starts, points, weights), threshold)
      if (next.cost >= best.cost - 1e-9) break
      best = next
    }
    return best
  })
  const { starts, means, slope } = found.reduce((a, b) => (b.cost < a.cost ? b : a))
  const levels = points.map(({ kept }, i) => means[starts.findLastIndex((start) => start <= i)]! + slope * kept)
  const steps = starts.slice(1).map((start, t) => {
    return { from: points[start]!.kept, to: points[start - 1]!.kept, drop: means[t + 1]! - means[t]! }
  })
  return { steps: steps.reverse(), levels }
}

interface Partition {
  /** Index of the first point of each tread, rising. */
  readonly starts: readonly number[]
  /** Level of each tread at width 0, without the slope. */
  readonly means: readonly number[]
  readonly slope: number
  readonly cost: number
}

/** The best treads for a given slope per channel. */
function partition(
  points: readonly StaircasePoint[],
  weights: readonly number[],
  slope: number,
  threshold: number,
): Partition {
  const n = points.length
  const flat = points.map(({ kept, ratio }) => ratio - slope * kept)
  const centre = flat[n - 1]!
  // Prefix sums of w, w·x, w·x², so that a run's error is a constant-time question.
  const sums = [new Float64Array(n + 1), new Float64Array(n + 1), new Float64Array(n + 1)] as const
  for (let i = 0; i < n; i++) {
    const x = flat[i]! - centre
    sums[0][i + 1] = sums[0][i]! + weights[i]!
    sums[1][i + 1] = sums[1][i]! + weights[i]! * x
    sums[2][i + 1] = sums[2][i]! + weights[i]! * x * x
  }
  const over = (k: 0 | 1 | 2, from: number, to: number): number => sums[k][to]! - sums[k][from]!
  const penalty = threshold * threshold
  const best = new Float64Array(n + 1)
  const from = new Int32Array(n + 1)
  for (let to = 1; to <= n; to++) {
    best[to] = Infinity
    for (let start = 0; start < to; start++) {
      const error = over(2, start, to) - over(1, start, to) ** 2 / over(0, start, to)
      const cost = best[start]! + error + penalty
      if (cost < best[to]!) [best[to], from[to]] = [cost, start]
    }
  }
  const starts: number[] = []
  const means: number[] = []
  for (let to = n; to > 0; to = from[to]!) {
    starts.unshift(from[to]!)
    means.unshift(centre + over(1, from[to]!, to) / over(0, from[to]!, to))
  }
  // A slope is one more thing fitted.
  return { starts, means, slope, cost: best[n]! + (slope === 0 ? 0 : penalty) }
}

/** Weighted least-squares slope per channel that all treads share. */
function slopeWithin(starts: readonly number[], points: readonly StaircasePoint[], weights: readonly number[]): number {
  let [xx, xy] = [0, 0]
  starts.forEach((start, t) => {
    const run = points.slice(start, starts[t + 1])
    const total = run.reduce((sum, _, i) => sum + weights[start + i]!, 0)
    const mean = (read: (point: StaircasePoint) => number): number =>
      run.reduce((sum, point, i) => sum + weights[start + i]! * read(point), 0) / total
    const [mx, my] = [mean(({ kept }) => kept), mean(({ ratio }) => ratio)]
    run.forEach(({ kept, ratio }, i) => {
      xx += weights[start + i]! * (kept - mx) ** 2
      xy += weights[start + i]! * (kept - mx) * (ratio - my)
    })
  })
  return xx > 0 ? xy / xx : 0
}

/** 1/σ². The untouched network is 1 by definition, but no point decides alone. */
function weightsOf(points: readonly StaircasePoint[]): number[] {
  const noises = points.map(({ noise }) => noise).filter((noise) => noise > 0)
  const usual = noises.length > 0 ? median(noises) : 1e-6
  return points.map(({ noise }) => 1 / Math.max(noise, usual / 3, 1e-9) ** 2)
}
