import { spearman } from '../statistics/ranks'
import { quantile } from '../statistics/robust'

/** How far predictions are from measurements. */
export interface Judgement {
  /** Mean of |predicted − measured| / measured. */
  readonly mape: number
  /** 95th percentile of the same. */
  readonly p95: number
  /** Rank correlation; 1 where there are too few to rank. */
  readonly spearman: number
}

/** Predictions against measurements, in the same order. @throws RangeError on unequal lengths or none */
export function judge(predicted: readonly number[], measured: readonly number[]): Judgement {
  if (measured.length === 0) throw new RangeError('no measurements to judge by')
  const errors = predicted.map((value, i) => Math.abs(value - measured[i]!) / measured[i]!)
  const rank = spearman(predicted, measured)
  return {
    mape: errors.reduce((sum, error) => sum + error, 0) / errors.length,
    p95: quantile(errors, 0.95),
    spearman: Number.isNaN(rank) ? 1 : rank,
  }
}

/** Least-squares line through (x, y); the mean of y where x does not vary, and y = x without points. */
export function line(x: readonly number[], y: readonly number[]): (x: number) => number {
  const n = x.length
  if (n === 0) return (value) => value
  const mean = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0) / n
  const [mx, my] = [mean(x), mean(y)]
  const xx = x.reduce((sum, value) => sum + (value - mx) ** 2, 0)
  const xy = x.reduce((sum, value, i) => sum + (value - mx) * (y[i]! - my), 0)
  const slope = xx > 0 ? xy / xx : 0
  return (value) => my + slope * (value - mx)
}
