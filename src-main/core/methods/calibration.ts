import { type CalibrationPlan, fitModel, type LatencyModel } from '../latency/model'
import { createPredictor } from '../latency/predictor'
import type { LatencyTable, MacsFraction } from '../latency/table'
import type { LatencyMeasurement, Widths } from '../ports'
import { createRandom, deriveSeed } from '../statistics/random'
import { type KindPlan, planKinds, plansOf } from './plan-kinds'

export interface CalibrationRequest {
  readonly table: LatencyTable
  readonly macs: MacsFraction
  /** Whole networks to measure. */
  readonly count: number
  readonly seed: number
  /** Latency ratio the optimised plans come close to; each a random one of its own when absent. */
  readonly budget?: number
  /** Keys of plans that are not to be drawn; those drawn join them. */
  readonly taken: Set<string>
  measure(plans: readonly Widths[]): Promise<readonly LatencyMeasurement[]>
}

export interface Calibrated {
  readonly model: LatencyModel
  readonly plans: readonly (CalibrationPlan & { readonly predicted: number })[]
}

/**
 * Corrects a table by measured whole networks: first plans that nobody chose, then, in two waves, plans that an
 * optimiser likes, drawn from the model as it is by then: it finds the model's errors. `predicted` is what was believed
 * of a plan before it was measured.
 * @throws whatever `measure` throws
 */
export async function calibrate(request: CalibrationRequest): Promise<Calibrated> {
  const { table, macs, count, measure } = request
  const plans: (CalibrationPlan & { predicted: number })[] = []
  const predictor = createPredictor(table, macs)
  let model = fitModel(table, plans, predictor)
  for (const [wave, counts] of wavesOf(count).entries()) {
    const chosen = drawPlans({ ...request, label: `calibration/${wave}`, model, counts })
    if (chosen.length === 0) continue
    const values = await measure(chosen.map(({ widths }) => widths))
    chosen.forEach(({ widths }, i) => plans.push({ widths, ratio: values[i]!.ratio, predicted: model.predict(widths) }))
    model = fitModel(table, plans, predictor)
  }
  return { model, plans }
}

/** Plans per kind in each wave: a quarter of each kind, the optimised ones last. */
function wavesOf(count: number): number[][] {
  const quarter = Math.floor(count / 4)
  return [
    [quarter, quarter, count - 3 * quarter, 0],
    [0, 0, 0, Math.ceil(quarter / 2)],
    [0, 0, 0, Math.floor(quarter / 2)],
  ]
}

export interface Draw {
  readonly table: LatencyTable
  readonly seed: number
  /** Of the random stream. */
  readonly label: string
  readonly model: LatencyModel
  /** In the order of `planKinds`. */
  readonly counts: readonly number[]
  readonly budget?: number
  readonly taken: Set<string>
}

/** So many plans of each kind; see `plansOf`. */
export function drawPlans({ table, seed, label, model, counts, budget, taken }: Draw): KindPlan[] {
  const { groups } = table
  const predict = (widths: Widths): number => model.predict(widths)
  return planKinds.flatMap((kind, k) => {
    const random = createRandom(deriveSeed(seed, `${label}/${kind}`))
    return plansOf(kind, counts[k]!, { groups, predict, random, ...(budget !== undefined && { budget }) }, taken)
  })
}
