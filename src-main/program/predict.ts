import type { JobResult } from '../contract'
import { judge, line } from '../core/latency/judge'
import type { LatencyModel } from '../core/latency/model'
import { survey } from '../core/latency/survey'
import { calibrate, drawPlans } from '../core/methods/calibration'
import { loneWidths } from '../core/methods/latency-stage'
import { type KindPlan, planKinds } from '../core/methods/plan-kinds'
import type { LatencyOracle, Widths } from '../core/ports'
import { createCostModel } from '../core/pruning/cost-model'
import { latencyGroups } from '../core/pruning/latency-groups'
import { createSubject } from '../core/pruning/subject'
import type { JobContext } from '../runs/job'
import { deviceFor, nothingToPrune, planEffort, planOracle, tableOracle } from './latency-oracles'
import { sizesFrom, withSizes } from './input-size'
import { loadModel, naming } from './load'

export interface PredictRequest {
  readonly model: string
  readonly input?: string | undefined
  readonly device: string
  readonly holdoutPlans: number
  readonly calibrationPlans: number
  readonly streams: boolean
  readonly fresh: boolean
  readonly seed: number
}

/**
 * `predict MODEL --device D`: builds the latency model and judges it on plans it has not seen, beside the measuring
 * floor and a line over MACs fitted to the same plans.
 * @throws LupineError of the model, 'nothing-to-prune', kind 'device'
 */
export async function predictJob(request: PredictRequest, job: JobContext): Promise<JobResult<'predict'>> {
  const device = await deviceFor(request.device, job)
  const { network } = await loadModel(request.model)
  // Written into the network: what is measured at one size is not taken for another's.
  const sized = withSizes(network, sizesFrom(request.input, network, request.model))
  const subject = naming(request.model, () => createSubject(sized, { streams: request.streams }))
  const groups = latencyGroups(subject)
  if (groups.length === 0) throw nothingToPrune()
  const costs = createCostModel(subject)
  const macs = (widths: Widths): number => costs.cost('macs', widths)
  const { seed, fresh } = request

  job.stage('table', 'staircases', 0, 3)
  const { cached, timed } = await tableOracle(device, subject, seed, fresh, job)
  const measure = (variants: readonly Widths[], repetition: number) => cached.measure(variants, repetition)
  const { table } = await survey(groups, measure, { macs, lone: loneWidths, refinements: 0 })

  job.stage('calibrate', 'whole networks, to correct the table', 1, 3)
  const oracle = planOracle(device, subject, seed + 1, planEffort, 'calibrate', job)
  const taken = new Set<string>()
  const { model, plans } = await calibrate({
    ...{ table, macs, seed, taken, count: request.calibrationPlans },
    measure: (variants) => oracle.measure(variants),
  })

  job.stage('judge', 'plans it has not seen', 2, 3)
  const held = drawPlans({ table, seed, label: 'holdout', model, counts: shares(request.holdoutPlans), taken })
  const judging = planOracle(device, subject, seed + 2, planEffort, 'judge', job)
  const baseline = line(
    plans.map(({ widths }) => macs(widths)),
    plans.map(({ ratio }) => ratio),
  )
  const judged = await judgement(held, model, judging, macs, baseline)
  return {
    ...judged,
    device: await device.key(),
    measured: timed.measured + oracle.measured,
    cached: cached.known,
    seconds: timed.seconds + oracle.seconds,
    secondsJudging: judging.seconds,
  }
}

/** A quarter each; what is left over goes to the first kinds. */
const shares = (count: number): number[] => planKinds.map((_, k) => Math.floor((count + 3 - k) / 4))

async function judgement(
  held: readonly KindPlan[],
  model: LatencyModel,
  oracle: LatencyOracle,
  macs: (widths: Widths) => number,
  baseline: (macs: number) => number,
) {
  const variants = held.map(({ widths }) => widths)
  const [first, second] = [await oracle.measure(variants, 0), await oracle.measure(variants, 1)]
  const holdout = held.map(({ kind, widths }, i) => {
    const samples = [first[i]!.ratio, second[i]!.ratio]
    const { low, estimate, high } = model.interval(widths)
    const measured = (samples[0]! + samples[1]!) / 2
    return { kind, plan: { ...widths }, predicted: estimate, low, high, measured, macs: macs(widths), samples }
  })
  type Row = (typeof holdout)[number]
  const by = (read: (row: Row) => number, rows: readonly Row[] = holdout) =>
    judge(
      rows.map(read),
      rows.map(({ measured }) => measured),
    )
  const linear = (row: Row): number => baseline(row.macs)
  const floor = judge(
    holdout.map(({ samples }) => samples[0]!),
    holdout.map(({ samples }) => samples[1]!),
  )
  const kinds = planKinds.flatMap((kind) => {
    const rows = holdout.filter((row) => row.kind === kind)
    if (rows.length === 0) return []
    return [[kind, { plans: rows.length, ...by((row) => row.predicted, rows), macsLinear: by(linear, rows).mape }]]
  })
  const inside = holdout.filter(({ low, high, measured }) => low <= measured && measured <= high)
  const { mape, spearman } = by(linear)
  return {
    ...by((row) => row.predicted),
    byKind: Object.fromEntries(kinds) as JobResult<'predict'>['byKind'],
    floor: { mape: floor.mape, spearman: floor.spearman },
    baseline: { macsLinear: { mape, spearman } },
    coverage: inside.length / holdout.length,
    holdout,
  }
}
