import type { Widths } from '../ports'
import { MAD_TO_SIGMA, median } from '../statistics/robust'
import { solve } from './linear'
import { type MacsFraction, ratioAt } from './staircase'
import { branches, type Calibration, type LatencyGroup, type LatencyTable } from './table'

/** No prediction is smaller: a network takes some time. */
const SMALLEST = 0.01

/** What the groups' staircases say about a plan before the end-to-end correction. */
export interface RawSaving {
  /** Added-up saving as a fraction of the sentinel's latency. */
  readonly total: number
  /** The part of `total` that comes from removed branches. */
  readonly removed: number
  /** The parts of `total` by signature, without what was removed. */
  readonly bySignature: ReadonlyMap<string, number>
}

export interface Predictor {
  /** Latency of a plan over the sentinel's, ≥ 0.01; 1 for the untouched network. */
  predict(widths: Widths): number
  raw(widths: Widths): RawSaving
}

/**
 * A predictor over a table. With `macs`, added-up savings are scaled by how far the groups' MACs savings overlap:
 * pruning both sides of a convolution by half saves three quarters of it, not all.
 */
export function createPredictor(table: LatencyTable, macs?: MacsFraction): Predictor {
  const parts = [...branches(table.groups)]
  const alone = new Map<string, number>()
  /** MACs saved by a unit (a group at a width, or a branch removed) on its own. */
  const macsAlone = (unit: readonly LatencyGroup[], kept: number): number => {
    if (!macs) return 0
    const key = `${unit[0]!.id}:${kept}`
    const known = alone.get(key)
    if (known !== undefined) return known
    const value = 1 - macs(Object.fromEntries(unit.map((group) => [group.id, kept])))
    alone.set(key, value)
    return value
  }

  const raw = (widths: Widths): RawSaving => {
    let [total, removed, macsSum] = [0, 0, 0]
    const bySignature = new Map<string, number>()
    const add = (saving: number, unit: readonly LatencyGroup[], kept: number): void => {
      total += saving
      if (kept === 0) removed += saving
      else bySignature.set(unit[0]!.signature, (bySignature.get(unit[0]!.signature) ?? 0) + saving)
      macsSum += macsAlone(unit, kept)
    }
    for (const [name, groups] of parts) {
      if (groups.some((group) => widths[group.id] === 0)) {
        add(1 - (table.removals[name] ?? narrowest(table, groups)), groups, 0)
        continue
      }
      for (const group of groups) {
        const kept = widths[group.id] ?? group.channels
        if (kept !== group.channels) add(1 - ratioAt(table.staircases[group.signature]!, kept), [group], kept)
      }
    }
    const overlap = macs && macsSum > 0 ? Math.max(0, (1 - macs(widths)) / macsSum) : 1
    for (const [signature, saving] of bySignature) bySignature.set(signature, saving * overlap)
    return { total: total * overlap, removed: removed * overlap, bySignature }
  }
  return { raw, predict: (widths) => Math.max(SMALLEST, 1 - corrected(raw(widths), table.calibration)) }
}

/** Where a removal was not measured: the branch's groups at their narrowest measured widths, an upper bound. */
function narrowest(table: LatencyTable, groups: readonly LatencyGroup[]): number {
  return 1 - groups.reduce((sum, group) => sum + 1 - ratioAt(table.staircases[group.signature]!, 1), 0)
}

const corrected = (
  { total, removed }: Pick<RawSaving, 'total' | 'removed'>,
  { linear, quadratic, removal }: Calibration,
): number => total * (linear + quadratic * total) + removal * removed

/** The prediction of one plan; for many, make a predictor once. See `createPredictor`. */
export const predict = (table: LatencyTable, widths: Widths, macs?: MacsFraction): number =>
  createPredictor(table, macs).predict(widths)

export interface CalibrationPlan {
  readonly widths: Widths
  /** Measured latency over the sentinel's. */
  readonly ratio: number
}

/** How far the coefficients may wander from (1, 0, 0) before the measurements have to insist. */
const PRIOR_SIGMA = [0.3, 0.3, 0.15] as const
/** No measurement is trusted beyond this: half a percent is what interleaved measuring holds. */
const SMALLEST_SIGMA = 0.004

/**
 * The table with its end-to-end correction fitted on measured whole networks: layers do not add up. The correction
 * factor is affine in the saving, so the untouched network stays at exactly 1; removed branches have a term of their
 * own. Least squares with Huber weights (an outlier counts little) and shrinkage to "no correction" (a few plans
 * cannot bend it far).
 */
export function calibrate(
  table: LatencyTable,
  measured: readonly CalibrationPlan[],
  macs?: MacsFraction,
): LatencyTable {
  const predictor = createPredictor(table, macs)
  const rows = measured.map(({ widths, ratio }): Row => {
    const { total, removed } = predictor.raw(widths)
    return { features: [total, total * total, removed], target: 1 - ratio }
  })
  if (rows.length === 0) return table
  let beta = [1, 0, 0]
  let sigma = SMALLEST_SIGMA
  const residuals = (): number[] => rows.map(({ features, target }) => target - dot(features, beta))
  for (let round = 0; round < 30; round++) {
    const errors = residuals()
    sigma = Math.max(SMALLEST_SIGMA, MAD_TO_SIGMA * median(errors.map(Math.abs)))
    const weights = errors.map((error) => Math.min(1, (1.345 * sigma) / Math.max(Math.abs(error), 1e-12)))
    const matrix = [0, 1, 2].map((i) =>
      [0, 1, 2].map((j) => {
        const prior = i === j ? (sigma / PRIOR_SIGMA[i]!) ** 2 : 0
        return rows.reduce((sum, { features }, n) => sum + weights[n]! * features[i]! * features[j]!, prior)
      }),
    )
    const right = [0, 1, 2].map((i) => {
      const prior = i === 0 ? (sigma / PRIOR_SIGMA[0]) ** 2 : 0
      return rows.reduce((sum, { features, target }, n) => sum + weights[n]! * features[i]! * target, prior)
    })
    beta = solve(matrix, right)
  }
  beta = keepMonotone(beta, rows)
  const spread = MAD_TO_SIGMA * median(residuals().map(Math.abs))
  const [linear, quadratic, removal] = beta as [number, number, number]
  return { ...table, calibration: { linear, quadratic, removal, spread, plans: rows.length } }
}

interface Row {
  /** s, s², part of s removed. */
  readonly features: readonly number[]
  /** Measured saving. */
  readonly target: number
}

/** The most bent curve that still rises up to a saving of 1: s·(1 − BEND·s). */
const BEND = 0.45

/**
 * A correction under which saving more by the table never predicts saving less, which few plans from one place cannot
 * tell apart: where the fit bends too far, the most bent curve allowed is scaled to the measurements instead.
 */
function keepMonotone(beta: readonly number[], rows: readonly Row[]): number[] {
  let [linear, quadratic, removal] = beta as [number, number, number]
  if (linear <= 0 || quadratic < -BEND * linear) {
    const curve = rows.map(({ features }) => features[0]! - BEND * features[1]!)
    const scale = dot(
      curve,
      rows.map((row) => row.target),
    )
    linear = Math.max(0.01, scale / dot(curve, curve))
    quadratic = -BEND * linear
    removal = 0
  }
  return [linear, quadratic, Math.max(removal, -0.5 * linear)]
}

const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0)
