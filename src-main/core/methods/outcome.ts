import { type Archive, type ArchiveEntry, planKey } from '../search/archive'
import { costKinds } from '../search/budget'
import { fewImagesCheck, refinedCheck, type RefinedPlan } from './fidelity'
import type { Finalist } from './choice-stage'
import type { LatencyKnowledge } from './latency-knowledge'
import type {
  Baseline,
  ChosenPlan,
  FrontPlan,
  HistoryEntry,
  PredictionCheck,
  SearchMethod,
  SearchOutcome,
  SearchRequest,
} from './pruner-types'
import type { Recorder } from './recording'
import type { Sensitivities } from './sensitivity-stage'

/** What a search leaves behind. The archive's costs are without margin. */
export interface SearchRecord {
  readonly method: SearchMethod
  readonly archive: Archive
  readonly finalists: readonly Finalist[]
  readonly refined: readonly RefinedPlan[]
  readonly margin: number
  readonly rounds: number
  readonly latency: LatencyKnowledge | undefined
  readonly sensitivities: Sensitivities
  readonly recorder: Recorder
}

/** The chosen plan; measured where there is a latency budget. */
export interface Choice {
  readonly entry: ArchiveEntry
  readonly finalist: Finalist | undefined
}

/** The outcome for a chosen plan. */
export function outcomeOf(
  request: SearchRequest,
  record: SearchRecord,
  baselines: { readonly random: Baseline; readonly uniform: Baseline },
  front: readonly FrontPlan[],
  chosen: Choice,
): SearchOutcome {
  const { method, archive, latency, sensitivities, margin, rounds, recorder } = record
  return {
    method,
    seed: request.seed,
    chosen: chosenPlan(request, record, chosen),
    evaluations: archive.evaluations,
    distinct: archive.evaluations,
    scored: recorder.distinct,
    history: historyOf(archive),
    front,
    baselines,
    untouched: sensitivities.untouched,
    sensitivities: sensitivities.groups,
    removals: sensitivities.removals,
    table: latency?.table,
    checks: [...(latency?.checks ?? []), ...record.finalists.map(checkOf)],
    fidelity: {
      fewImages: fewImagesCheck(recorder.all()),
      refined: refinedCheck(record.refined, (widths) => recorder.score(widths)),
    },
    margin,
    rounds,
  }
}

function chosenPlan(
  { costs }: SearchRequest,
  { latency, recorder, refined }: SearchRecord,
  { entry: { key, widths, fitness }, finalist }: Choice,
): ChosenPlan {
  const trained = refined.find((plan) => planKey(plan.widths) === key)
  const kinds = costKinds.filter((kind) => kind !== 'latency')
  return {
    widths,
    fitness,
    ...(trained && { refined: trained.refined.divergence }),
    top1: recorder.score(widths)?.top1,
    costs: Object.fromEntries(kinds.map((kind) => [kind, costs.cost(kind, widths)])),
    predicted: finalist?.predicted ?? latency?.predict(widths),
    measured: finalist?.measurement.ratio,
    measurement: finalist?.measurement,
  }
}

const checkOf = ({ entry, predicted, measurement }: Finalist): PredictionCheck => ({
  kind: 'chosen',
  widths: entry.widths,
  predicted,
  measured: measurement.ratio,
})

function historyOf(archive: Archive): HistoryEntry[] {
  const entries = archive.state()
  let cost = Number.NaN
  let best = Infinity
  return archive.history().map((point) => {
    if (point.best < best) cost = entries[point.evaluation - 1]!.cost
    best = point.best
    return { ...point, cost }
  })
}
