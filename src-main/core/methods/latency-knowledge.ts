import { type CalibrationPlan, fitModel, type LatencyModel } from '../latency/model'
import { createPredictor, type Predictor } from '../latency/predictor'
import type { LatencyTable, MacsFraction } from '../latency/table'
import type { Widths } from '../ports'
import type { SpaceGroup } from '../search/space'
import type { PredictionCheck } from './pruner-types'

/** No predictor is trusted closer than this, however well it fits what was measured. */
export const smallestMargin = 0.005

/** What is known of the device: the staircases, and a model that learns from every whole network that is measured. */
export class LatencyKnowledge {
  private readonly predictor: Predictor
  private fitted: LatencyModel

  constructor(
    readonly table: LatencyTable,
    /** Plans nobody chose, and what was predicted of them. */
    readonly checks: readonly PredictionCheck[],
    private plans: readonly CalibrationPlan[],
    macs: MacsFraction,
  ) {
    this.predictor = createPredictor(table, macs)
    this.fitted = fitModel(table, plans, this.predictor)
  }

  predict(widths: Widths): number {
    return this.fitted.predict(widths)
  }

  /** Of a prediction, 95 %. */
  interval(widths: Widths): ReturnType<LatencyModel['interval']> {
    return this.fitted.interval(widths)
  }

  /** Refits with these plans added. */
  learn(measured: readonly CalibrationPlan[]): void {
    if (measured.length === 0) return
    this.plans = [...this.plans, ...measured]
    this.fitted = fitModel(this.table, this.plans, this.predictor)
  }

  /** Measured − predicted of the plans learned last, each predicted from all others. */
  lastErrors(count: number): number[] {
    return this.fitted.errors.slice(-count)
  }

  /** Reserve that the model's own errors call for. */
  get margin(): number {
    const { spread } = this.fitted
    return Math.max(smallestMargin, Number.isNaN(spread) ? 0 : spread)
  }

  /** Widths worth offering for a group: those on its staircase. */
  widths({ id }: SpaceGroup): number[] {
    const { signature } = this.table.groups.find((group) => group.id === id)!
    return this.table.staircases[signature]!.points.map(({ kept }) => kept).filter((kept) => kept > 0)
  }
}
