import type { ProgressData } from '../../src-main/contract/progress'

/** A candidate in the plane of latency (a fraction of the original's) and divergence. */
export interface CandidatePoint {
  /** Counted from 1 in the order of evaluation. */
  readonly number: number
  readonly latency: number
  readonly fitness: number
  readonly measured: boolean
}

export interface BestPoint {
  readonly evaluation: number
  readonly best: number
}

/** What the charts draw of a search. The arrays grow in place, since a replay brings thousands; `size` tells. */
export interface SearchView {
  readonly size: number
  readonly points: CandidatePoint[]
  readonly bests: BestPoint[]
  readonly leaders: readonly { readonly latency: number; readonly fitness: number }[]
  /** How many there will be, as far as is known. */
  readonly evaluations?: number
  readonly method?: string
  readonly budget?: number
}

export const emptySearch: SearchView = { size: 0, points: [], bests: [], leaders: [] }

/** Beyond this the plane is full anyway. */
const mostPoints = 5000

/**
 * Adds what one progress event says of the search: candidates as the search scores them, and the finalists that the
 * device measures. The choosing stage searches on with the same method between measurements; what other methods
 * evaluate there (the baselines) is not the pack's.
 * @param total of the stage: evaluations allowed
 */
export function addSearchFigures(view: SearchView, stage: string, total: number, data: ProgressData): SearchView {
  if (stage === 'choose' && data.measured !== undefined) return add(view, data, data.measured, true)
  const isPack = stage === 'search' || (stage === 'choose' && data.method !== undefined && data.method === view.method)
  if (!isPack || data.fitness === undefined) return view
  const latency = data.predicted ?? data.cost
  const next = latency === undefined ? view : add(view, data, latency, false)
  const leaders = (data.leaders ?? []).flatMap(({ fitness, predicted, cost }) => {
    const at = predicted ?? cost
    return fitness === undefined || at === undefined ? [] : [{ latency: at, fitness }]
  })
  const last = view.bests.at(-1)
  return {
    ...next,
    size: view.size + 1,
    bests: appended(view.bests, {
      evaluation: (last?.evaluation ?? 0) + 1,
      best: Math.min(data.fitness, last?.best ?? Infinity),
    }),
    evaluations: stage === 'search' ? total : Math.max(view.evaluations ?? 0, (last?.evaluation ?? 0) + 1),
    ...(leaders.length > 0 && { leaders }),
    ...(data.method !== undefined && { method: data.method }),
    ...(data.budget !== undefined && { budget: data.budget }),
  }
}

function add(view: SearchView, { fitness }: ProgressData, latency: number, measured: boolean): SearchView {
  if (fitness === undefined) return view
  const point = { number: view.points.length + 1, latency, fitness, measured }
  return { ...view, size: view.size + 1, points: appended(view.points, point) }
}

function appended<T>(list: T[], item: T): T[] {
  // A new array only for the very first, which must not land in the shared empty one.
  const own = list.length === 0 ? [] : list
  if (own.length < mostPoints) own.push(item)
  return own
}
