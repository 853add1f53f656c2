import type { Widths } from '../ports'
import { MAD_TO_SIGMA, type Interval, median, quantile } from '../statistics/robust'
import { createFeatures } from './features'
import { invert } from './linear'
import { createPredictor, type Predictor } from './predictor'
import type { LatencyTable } from './table'

/** A measured whole network. */
export interface CalibrationPlan {
  readonly widths: Widths
  /** Measured latency over the sentinel's. */
  readonly ratio: number
}

/** Table plus what measured whole networks say about where it is wrong. */
export interface LatencyModel {
  /** Latency of a plan over the sentinel's; exactly 1 for the untouched network. */
  predict(widths: Widths): number
  /** Where a measurement of the plan will lie with probability `level` (default 0.95). */
  interval(widths: Widths, level?: number): Interval
  /** Measured − predicted per measured plan, in their order, each predicted from all others. */
  readonly errors: readonly number[]
  /** Standard deviation of `errors`, robust; NaN without any. */
  readonly spread: number
  readonly plans: number
}

/** No prediction is smaller: a network takes some time. */
const smallest = 0.01
/** Noise of a whole-network measurement, as standard deviations of the ratio, that are tried. */
const noises = [0.0015, 0.003, 0.005, 0.008, 0.012, 0.02, 0.035]
/** Factors on the features' prior standard deviations that are tried. */
const scales = [0.15, 0.3, 0.6, 1, 2]

/**
 * Bayesian linear regression of end-to-end latency on features of the plan, around the table's sum (Rasmussen &
 * Williams, "Gaussian Processes for Machine Learning", MIT Press 2006, ch. 2, in its dual form: as many unknowns as
 * plans, however many features). Noise and prior scale maximise the evidence; plans that the fit cannot explain count
 * less. Refitting with more plans is a call with the longer list.
 * @param predictor over the same table: the same for every refit
 */
export function fitModel(
  table: LatencyTable,
  measured: readonly CalibrationPlan[],
  predictor: Predictor = createPredictor(table),
): LatencyModel {
  const { raw } = predictor
  const vector = createFeatures(table, predictor)
  const rows = measured.map(({ widths }) => vector(widths))
  const residuals = measured.map(({ widths, ratio }) => 1 - ratio - raw(widths).total)
  let trust = measured.map(() => 1)
  let fit = bestFit(rows, residuals, trust)
  for (let round = 0; round < 8 && fit; round++) {
    const { noise, leaveOneOut } = fit
    // Against the spread a plan would have if it were trusted like the others.
    const next = leaveOneOut.map(({ error, sigma }, i) =>
      Math.min(1, (2.5 * Math.sqrt(sigma ** 2 - (noise / trust[i]!) ** 2 + noise ** 2)) / Math.abs(error)),
    )
    const settled = next.every((value, i) => Math.abs(value - trust[i]!) < 0.05)
    trust = next
    if (settled) break
    fit = bestFit(rows, residuals, trust)
  }
  // The primal weights: a search predicts some 10⁵ plans.
  const weights = (rows[0] ?? []).map((_, j) =>
    rows.reduce((sum, row, i) => sum + fit!.scale ** 2 * row[j]! * fit!.weights[i]!, 0),
  )
  const correction = (v: readonly number[]): number => (fit ? dot(weights, v) : 0)
  const predict = (widths: Widths): number => Math.max(smallest, 1 - raw(widths).total - correction(vector(widths)))
  const errors = fit?.leaveOneOut ?? []
  // Where left-out plans err more than the model owns up to, its intervals are widened by as much.
  const honest = Math.max(1, ...(errors.length > 4 ? [scaleOf(errors.map(({ error, sigma }) => error / sigma))] : []))
  return {
    predict,
    interval(widths, level = 0.95) {
      const v = vector(widths)
      const estimate = predict(widths)
      if (!fit) return { low: smallest, estimate, high: Infinity }
      const across = rows.map((row) => fit.scale ** 2 * dot(row, v))
      const variance = fit.scale ** 2 * dot(v, v) - quadratic(fit.inverse, across) + fit.noise ** 2
      const reach = normalQuantile((1 + level) / 2) * honest * Math.sqrt(Math.max(variance, fit.noise ** 2))
      return { low: Math.max(smallest, estimate - reach), estimate, high: estimate + reach }
    },
    // Those of the fit are of savings: of latencies they have the other sign.
    errors: errors.map(({ error }) => -error),
    spread: errors.length > 0 ? MAD_TO_SIGMA * median(errors.map(({ error }) => Math.abs(error))) : NaN,
    plans: measured.length,
  }
}

interface Fit {
  readonly scale: number
  readonly noise: number
  /** K⁻¹ of K = scale²·ΦΦᵀ + noise²/trust. */
  readonly inverse: readonly (readonly number[])[]
  /** K⁻¹ y */
  readonly weights: readonly number[]
  readonly evidence: number
  /** Each plan predicted from all others. */
  readonly leaveOneOut: readonly { readonly error: number; readonly sigma: number }[]
}

/** The fit of largest evidence over the grid of noises and scales. */
function bestFit(rows: readonly number[][], y: readonly number[], trust: readonly number[]): Fit | undefined {
  if (rows.length === 0) return undefined
  const gram = rows.map((a) => rows.map((b) => dot(a, b)))
  let best: Fit | undefined
  for (const scale of scales)
    for (const noise of noises) {
      const fit = fitOnce(gram, y, trust, scale, noise)
      if (!best || fit.evidence > best.evidence) best = fit
    }
  return best
}

function fitOnce(
  gram: readonly number[][],
  y: readonly number[],
  trust: readonly number[],
  scale: number,
  noise: number,
): Fit {
  const kernel = gram.map((row, i) =>
    row.map((value, j) => scale ** 2 * value + (i === j ? noise ** 2 / trust[i]! ** 2 : 0)),
  )
  const { inverse, logDeterminant } = invert(kernel)
  const weights = inverse.map((row) => dot(row, y))
  const leaveOneOut = weights.map((weight, i) => {
    return { error: weight / inverse[i]![i]!, sigma: Math.sqrt(1 / inverse[i]![i]!) }
  })
  return { scale, noise, inverse, weights, leaveOneOut, evidence: -0.5 * (dot(y, weights) + logDeterminant) }
}

const dot = (a: readonly number[], b: readonly number[]): number => {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}

const quadratic = (matrix: readonly (readonly number[])[], v: readonly number[]): number =>
  v.reduce((sum, x, i) => sum + x * dot(matrix[i]!, v), 0)

/** Spread of standardised errors: 1 where they are what was expected. Also by their tail, which a median overlooks. */
const scaleOf = (errors: readonly number[]): number => {
  const sizes = errors.map(Math.abs)
  return Math.max(MAD_TO_SIGMA * median(sizes), quantile(sizes, 0.95) / 1.96)
}

/** Of the standard normal; Abramowitz & Stegun 26.2.23, error below 4.5e-4. */
export function normalQuantile(p: number): number {
  const t = Math.sqrt(-2 * Math.log(Math.min(p, 1 - p)))
  const top = 2.515517 + t * (0.802853 + t * 0.010328)
  const bottom = 1 + t * (1.432788 + t * (0.189269 + t * 0.001308))
  return Math.sign(p - 0.5) * (t - top / bottom)
}
