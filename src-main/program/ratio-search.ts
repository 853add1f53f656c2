import type { Budget } from '../contract'
import { searchRatios } from '../core/methods/igwo-pruner'
import type { SearchMethod, SearchOutcome, SearchStage } from '../core/methods/pruner-types'
import type { Journal, LatencyOracle, Progress, Widths } from '../core/ports'
import { createCostModel } from '../core/pruning/cost-model'
import { latencyGroups } from '../core/pruning/latency-groups'
import type { Subject } from '../core/pruning/subject'
import { planKey } from '../core/search/archive'
import { kindsOf, measuredGuard, type CostKind, type CostModel } from '../core/search/budget'
import { budgetUnreachable } from '../core/search/reach'
import type { DataSource } from '../datasets/dataset'
import type { Device } from '../devices/device'
import { DeviceOracle, type OracleOptions } from '../devices/oracle'
import type { JobContext } from '../runs/job'
import { nothingToPrune, remembering, tableEffort } from './latency-oracles'
import { createRefiner, type ShortTraining, trainedEvaluator } from './refiner'
import { withScorers } from './scorers'

/** What a search may choose from, and where it starts; see core/methods/registry for the defaults. */
export interface SpaceSettings {
  readonly widths?: 'measured' | 'tenths'
  readonly seeding?: boolean
  readonly branches?: boolean
  /** Of 'uniform'; 0: several. */
  readonly round?: number
}

export interface RatioSearch {
  /** Of the cleaned original, with the importance to prune by. */
  readonly subject: Subject
  /** Path of the network candidates are made of: the cleaned original, perhaps with its BN put back. */
  readonly working: string
  /** Path of the subject's importance, as named vectors. */
  readonly importance: string
  readonly data: DataSource
  /** Images to score candidates on that the network has not seen. */
  readonly holdout?: DataSource | undefined
  readonly device: Device
  readonly budget: Budget
  /** Top-1 to keep, in place of a latency budget. */
  readonly accuracy?: number | undefined
  readonly method: SearchMethod
  readonly evaluations: number
  /** Most widths measured per staircase. */
  readonly tableWidths?: number | undefined
  readonly seed: number
  readonly journal: Journal
  /** Folder for raw samples. */
  readonly measurements?: string
  /** Images of the fitness and of BN recalibration. */
  readonly images: { readonly fitness: number; readonly recalibration: number }
  /** A search's own options; see core/methods/registry. */
  readonly options?: SpaceSettings
  /** Trains every candidate before it is scored. */
  readonly training?: ShortTraining
  /** Chooses among the best plans by fine-tuning each for a short while. */
  readonly refine?: ShortTraining & { readonly plans: number }
  readonly onStage: (stage: SearchStage) => void
}

/**
 * Runs the search of core on real parts: candidates scored in an onnxruntime process, latencies measured on the device.
 * @throws LupineError of core's searchRatios, of the data, kind 'device'
 */
export async function runRatioSearch(
  search: RatioSearch,
  job: JobContext,
): Promise<SearchOutcome & { seen: number | undefined }> {
  const { subject, device, budget, seed, refine } = search
  const { branches = true, widths = 'measured', seeding = true, round = 0 } = search.options ?? {}
  if (subject.dimensions.length === 0) throw nothingToPrune()
  const request = {
    model: search.working,
    data: search.data,
    ...(search.holdout && { holdout: search.holdout }),
    importance: search.importance,
    fitnessImages: search.images.fitness,
    recalibrationImages: search.images.recalibration,
  }
  return withScorers(request, search.evaluations, job, async (evaluator, described, scorer) => {
    for (const warning of described.warnings) job.note('warning', warning)
    const timed = budget.latency !== undefined || search.accuracy !== undefined
    let stage: SearchStage = timed ? 'latency' : 'sensitivity'
    // Until the search has said how much there is.
    let last: Progress = { done: 0, total: 1 }
    const report = (now: SearchStage, progress: Progress): void => {
      if (now !== stage) search.onStage(now)
      stage = now
      last = progress
      const asked = budget.latency !== undefined && { budget: budget.latency }
      job.progress(now, { ...progress, data: { ...(progress.data as object | undefined), ...asked } })
    }
    const measuring: OracleOptions = {
      device,
      subject,
      ...(search.measurements ? { measurements: search.measurements } : {}),
      seed,
      cancellation: job,
      // Within the stage's own count, so that the bar does not start anew with every batch of networks.
      onProgress: (done, total) =>
        job.progress(stage, {
          done: Math.min(last.total, last.done + done),
          total: last.total,
          detail: total === 1 ? 'measuring' : `measuring ${total} networks interleaved`,
        }),
    }
    const { percentile, ...bounds } = budget
    const oracle = new DeviceOracle({ ...measuring, ...(percentile !== undefined && { percentile }) })
    const points = timed
      ? await remembering(new DeviceOracle({ ...measuring, effort: tableEffort }), device, subject, {
          keep: search.measurements,
        })
      : oracle
    search.onStage(stage)
    const costs = createCostModel(subject)
    await assertWithinReach(search, costs, oracle, branches)
    const outcome = await searchRatios({
      groups: latencyGroups(subject).map((group) => ({ ...group, removable: group.removable && branches })),
      budget: bounds.latency === undefined ? bounds : { ...bounds, latency: bounds.latency * measuredGuard },
      ...(search.accuracy !== undefined && { accuracy: search.accuracy }),
      costs,
      evaluator,
      ...(search.training && { trained: trainedEvaluator(createRefiner(search.training, scorer)) }),
      oracle,
      points,
      ...(device.apart && { apart: true }),
      journal: search.journal,
      seed,
      method: search.method,
      options: {
        evaluations: search.evaluations,
        ...(search.tableWidths !== undefined && { tableWidths: search.tableWidths }),
        ...(refine && { refined: refine.plans }),
        ...{ widths, seeding, ...(round > 0 && { roundings: [round] }) },
      },
      ...(refine && refine.plans > 1 && { refiner: createRefiner(refine, scorer) }),
      onProgress: report,
      signal: job,
    })
    return { ...outcome, seen: described.original.top1 }
  })
}

/**
 * Fails before minutes are spent when even the smallest network is above the budget: costs by their closed form,
 * latency by measuring it.
 * @throws LupineError 'budget-unreachable' naming the smallest reachable
 */
async function assertWithinReach(
  { subject, budget, journal }: RatioSearch,
  costs: CostModel,
  oracle: LatencyOracle,
  branches: boolean,
): Promise<void> {
  const smallest = smallestWidths(subject, branches)
  const reachable: Partial<Record<CostKind, number>> = {}
  for (const kind of kindsOf(budget))
    reachable[kind] =
      kind === 'latency'
        ? await journal.record('reachable', planKey(smallest), async () => (await oracle.measure([smallest]))[0]!.ratio)
        : costs.cost(kind, smallest)
  if (kindsOf(budget).some((kind) => reachable[kind]! > budget[kind]!)) throw budgetUnreachable(budget, reachable)
}

/** Every branch removed that may be, one channel left elsewhere. */
function smallestWidths(subject: Subject, branches: boolean): Widths {
  const removable = new Set(branches ? subject.branches.flatMap((branch) => branch.groups) : [])
  return Object.fromEntries(subject.dimensions.map(({ id }) => [id, removable.has(id) ? 0 : 1]))
}
