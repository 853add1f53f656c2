import { survey } from '../latency/survey'
import { widthGrid } from '../latency/table'
import type { Widths } from '../ports'
import { type CostModel, kindsOf } from '../search/budget'
import { assertReachable } from '../search/reach'
import { createSpace, type Space, type SpaceGroup, type SpaceOptions } from '../search/space'
import { calibrate } from './calibration'
import { LatencyKnowledge } from './latency-knowledge'
import { sentinelData } from './live'
import type { PredictionCheck, SearchRequest } from './pruner-types'
import type { Recorder } from './recording'

/** Widths measured per staircase that a single group has: its steps are small, and pooled over their treads. */
export const loneWidths = 16

/** The request's costs, with latency from what is known plus a margin. */
export function withLatency(costs: CostModel, latency: LatencyKnowledge | undefined, margin: number): CostModel {
  return {
    cost: (kind, widths) =>
      kind === 'latency' && latency ? latency.predict(widths) + margin : costs.cost(kind, widths),
  }
}

/**
 * Measures the staircases, then whole networks that say where they are wrong.
 * @throws LupineError kind 'input' code 'budget-unreachable'; kind 'device'
 */
export async function latencyStage(request: SearchRequest, recorder: Recorder): Promise<LatencyKnowledge> {
  const { groups, budget, costs, seed, onProgress } = request
  const macs = (widths: Widths): number => costs.cost('macs', widths)
  const planned = request.options?.calibrationPlans ?? 16
  let done = 0
  let total = 0
  const { table } = await survey(
    groups,
    (variants, repetition) =>
      recorder.measurePoints(variants, repetition, (measurement, i) => {
        const widths = variants[i]!
        const data = { widths, ratio: measurement.ratio, ...sentinelData(measurement) }
        onProgress?.('latency', { done: ++done, total, detail: detailOf(widths), data })
      }),
    {
      macs,
      ...(request.options?.tableWidths !== undefined && { widths: request.options.tableWidths }),
      lone: loneWidths,
      refinements: request.options?.refinements ?? 0,
      onProgress: (_, count) => (total = count + planned),
    },
  )
  const bare = new LatencyKnowledge(table, [], [], macs)
  if (budget.latency !== undefined) assertWithinSurvey(request, bare)
  const { plans } = await calibrate({
    ...{ table, macs, count: planned, seed, taken: new Set<string>() },
    ...(budget.latency !== undefined && { budget: budget.latency }),
    measure: (variants) =>
      recorder.measure(variants, ({ ratio }, i) => {
        const data = { predicted: bare.predict(variants[i]!), ratio }
        onProgress?.('latency', { done: ++done, total, detail: 'whole networks, to correct the table', data })
      }),
  })
  const checks = plans.map(({ widths, predicted, ratio }): PredictionCheck => {
    return { kind: 'random', widths, predicted, measured: ratio }
  })
  return new LatencyKnowledge(table, checks, plans, macs)
}

/** Before the sensitivities are known, the parts pruned stand in for them. */
function assertWithinSurvey({ groups, budget, costs, options = {} }: SearchRequest, latency: LatencyKnowledge): void {
  const space = planSpace({ groups, costs, budget, options }, latency, (widths) =>
    groups.reduce((sum, { id, channels }) => sum + 1 - (widths[id] ?? channels) / channels, 0),
  )
  assertReachable(space, withLatency(costs, latency, 0), budget)
}

/** As ABCPruner's code has them: int(channels·i/10). */
const tenths = ({ channels }: SpaceGroup): number[] =>
  Array.from({ length: 9 }, (_, i) => Math.floor((channels * (i + 1)) / 10)).filter((kept) => kept > 0)

/**
 * The levels a search may choose from: of every width whose time is known, or of sixteenths where time does not count,
 * those that no other width beats in cost and loss.
 */
export const planSpace = (
  { groups, budget, costs, options }: Pick<SearchRequest, 'groups' | 'budget' | 'costs' | 'options'>,
  latency: LatencyKnowledge | undefined,
  loss: SpaceOptions['loss'],
): Space =>
  createSpace({
    groups,
    candidates: (group) =>
      options?.widths === 'tenths' ? tenths(group) : latency ? latency.widths(group) : widthGrid(group.channels),
    kinds: kindsOf(budget),
    costs: withLatency(costs, latency, 0),
    loss,
  })

function detailOf(widths: Widths): string {
  const ids = Object.keys(widths)
  const kept = widths[ids[0]!]!
  const more = ids.length > 1 ? ` and ${ids.length - 1} alike` : ''
  return `${ids[0]!}${more}: ${kept === 0 ? 'removed' : `${kept} channels`}`
}
