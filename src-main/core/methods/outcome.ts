import { type Archive, type ArchiveEntry } from '../search/archive'
import { costKinds } from '../search/budget'
import { fewImagesCheck } from './fidelity'
import type { Finalist } from './choice-stage'
import type { LatencyKnowledge } from './latency-stage'
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
  readonly margin: number
  readonly rounds: number
  readonly latency: LatencyKnowledge | undefined
  readonly sensitivities: Sensitivities
  readonly recorder: Recorder
}

/** The outcome for a chosen plan; without a latency budget the fittest of the archive, which must not be empty. */
export function outcomeOf(
  request: SearchRequest,
  record: SearchRecord,
  baselines: { readonly random: Baseline; readonly uniform: Baseline },
  front: readonly FrontPlan[],
  chosen: Finalist | undefined,
): SearchOutcome {
  const { method, archive, latency, sensitivities, margin, rounds, recorder } = record
  const entry = chosen?.entry ?? archive.best(1)[0]!
  return {
    method,
    seed: request.seed,
    chosen: chosenPlan(request, record, entry, chosen),
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
    fidelity: { fewImages: fewImagesCheck(recorder.all()) },
    margin,
    rounds,
  }
}

function chosenPlan(
  { costs }: SearchRequest,
  { latency, recorder }: SearchRecord,
  { widths, fitness }: ArchiveEntry,
  finalist: Finalist | undefined,
): ChosenPlan {
  const kinds = costKinds.filter((kind) => kind !== 'latency')
  return {
    widths,
    fitness,
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
