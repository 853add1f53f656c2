import type { Random } from '../ports'

/** Times the MAD, this estimates the standard deviation of normal data. */
export const MAD_TO_SIGMA = 1.4826

const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b)

/**
 * The p-quantile (p in [0, 1]) by linear interpolation between order statistics at position p·(n − 1): Hyndman &
 * Fan's type 7, the default of R and NumPy.
 * @throws RangeError on an empty list
 */
export function quantile(values: readonly number[], p: number): number {
  if (values.length === 0) throw new RangeError('quantile of no values')
  const ordered = sorted(values)
  const position = Math.min(Math.max(p, 0), 1) * (ordered.length - 1)
  const below = Math.floor(position)
  const low = ordered[below]!
  const high = ordered[Math.min(below + 1, ordered.length - 1)]!
  return low + (high - low) * (position - below)
}

/** The median; of an even number of values, the mean of the middle two. @throws RangeError on an empty list */
export const median = (values: readonly number[]): number => quantile(values, 0.5)

/** Median absolute deviation from the median, in the values' unit, not scaled to a standard deviation. */
export function mad(values: readonly number[]): number {
  const middle = median(values)
  return median(values.map((value) => Math.abs(value - middle)))
}

export interface Interval {
  readonly low: number
  readonly estimate: number
  readonly high: number
}

/**
 * Percentile bootstrap interval for the median over processes (Kalibera & Jones, "Rigorous benchmarking in reasonable
 * time", ISMM 2013): samples within a process are correlated, so the process medians are resampled, not the samples.
 * @param processes samples of each process; use at least five processes
 * @param level coverage, e.g. 0.95
 * @throws RangeError when no process has a sample
 */
export function bootstrapInterval(
  processes: readonly (readonly number[])[],
  random: Random,
  level = 0.95,
  resamples = 2000,
): Interval {
  const medians = processes.filter((samples) => samples.length > 0).map(median)
  const estimate = median(medians)
  const draws = Array.from({ length: resamples }, () =>
    median(medians.map(() => medians[random.below(medians.length)]!)),
  )
  return { low: quantile(draws, (1 - level) / 2), estimate, high: quantile(draws, (1 + level) / 2) }
}
