import { calibrate, createPredictor, type Predictor } from '../latency/predictor'
import { buildTable } from '../latency/staircase'
import { type LatencyTable, planTable, widthGrid } from '../latency/table'
import type { Widths } from '../ports'
import type { CostModel } from '../search/budget'
import { planKey } from '../search/archive'
import { assertReachable, kindsOf } from '../search/budget'
import { randomLevels } from '../search/random-search'
import { type Problem, repairBlindly } from '../search/repair'
import { createSpace, widthsOf } from '../search/space'
import { createRandom, deriveSeed } from '../statistics/random'
import type { PredictionCheck, SearchRequest } from './pruner-types'
import type { Recorder } from './recording'

export interface LatencyModel {
  readonly table: LatencyTable
  readonly predictor: Predictor
  /** Reserve that the calibration's own errors call for. */
  readonly margin: number
  readonly checks: readonly PredictionCheck[]
}

/** No predictor is trusted closer than this, however well it fits its few calibration plans. */
const SMALLEST_MARGIN = 0.005

/** The request's costs, with latency from a predictor plus a margin. */
export function withLatency(costs: CostModel, predictor: Predictor | undefined, margin: number): CostModel {
  return {
    cost: (kind, widths) =>
      kind === 'latency' && predictor ? predictor.predict(widths) + margin : costs.cost(kind, widths),
  }
}

/**
 * Measures the table, then random whole networks on the budget and halfway to it, and corrects the table by them.
 * @throws LupineError kind 'input' code 'budget-unreachable'; kind 'device'
 */
export async function latencyStage(request: SearchRequest, recorder: Recorder): Promise<LatencyModel> {
  const { groups, budget, costs, seed, onProgress } = request
  const macs = (widths: Widths): number => costs.cost('macs', widths)
  const points = planTable(groups)
  const planned = request.options?.calibrationPlans ?? 8
  const total = points.length + planned
  const measurements = await recorder.measure(
    points.map((point) => point.widths),
    ({ ratio }, i) => {
      const { signature, kept, members } = points[i]!
      const detail = `${members.join(', ')}: ${kept === 0 ? 'removed' : `${kept} channels`}`
      onProgress?.('latency', { done: i + 1, total, detail, data: { signature, kept, members, ratio } })
    },
  )
  const measured = points.map((point, i) => ({ point, measurement: measurements[i]! }))
  const table = buildTable(groups, measured, { macs })
  const predictor = createPredictor(table, macs)
  // Before the sensitivities are known, the parts pruned stand in for them.
  const space = createSpace({
    groups,
    candidates: ({ channels }) => widthGrid(channels),
    kinds: kindsOf(budget),
    costs: withLatency(costs, predictor, 0),
    loss: (widths) => groups.reduce((sum, { id, channels }) => sum + 1 - (widths[id] ?? channels) / channels, 0),
  })
  const problem: Problem = { space, costs: withLatency(costs, predictor, 0), budget }
  assertReachable(space, problem.costs, budget)
  const plans = calibrationPlans(problem, planned, seed)
  const ratios = await recorder.measure(plans, ({ ratio }, i) => {
    const detail = 'whole networks, to correct the table'
    const data = { predicted: predictor.predict(plans[i]!), ratio }
    onProgress?.('latency', { done: points.length + i + 1, total: points.length + plans.length, detail, data })
  })
  const calibrated = calibrate(
    table,
    plans.map((widths, i) => ({ widths, ratio: ratios[i]!.ratio })),
    macs,
  )
  return {
    table: calibrated,
    predictor: createPredictor(calibrated, macs),
    margin: Math.max(SMALLEST_MARGIN, calibrated.calibration.spread ?? 0),
    checks: plans.map((widths, i) => ({
      kind: 'random',
      widths,
      predicted: predictor.predict(widths),
      measured: ratios[i]!.ratio,
    })),
  }
}

/** Distinct random plans, three quarters of them on the budget, the others halfway between it and the original. */
function calibrationPlans(problem: Problem, count: number, seed: number): Widths[] {
  const random = createRandom(deriveSeed(seed, 'calibration'))
  const halfway = Object.fromEntries(kindsOf(problem.budget).map((kind) => [kind, (1 + problem.budget[kind]!) / 2]))
  const plans = new Map<string, Widths>()
  for (let i = 0; i < 4 * count && plans.size < count; i++) {
    const goal = plans.size % 4 === 3 ? { ...problem, budget: halfway } : problem
    const widths = widthsOf(problem.space, repairBlindly(goal, randomLevels(goal, random), random))
    plans.set(planKey(widths), widths)
  }
  return [...plans.values()]
}
