import type { ProgressData, SearchGroup, Stair } from '../../src-main/contract/progress'
import { Candidates } from './candidates'

/** Where a search got better: after so many evaluations, this best divergence. */
export interface BestPoint {
  readonly evaluation: number
  readonly best: number
}

/** How far a searcher has come: where it got better, and how many candidates it has had evaluated. */
export interface Course {
  readonly evaluated: number
  readonly bests: readonly BestPoint[]
}

/** A plan that was predicted before it was measured; ratios. */
export interface Check {
  readonly kind: 'random' | 'chosen'
  readonly predicted: number
  readonly measured: number
}

export interface Leader {
  readonly latency: number
  readonly fitness: number
  /** Among the candidates, where it is one of them. */
  readonly index: number | undefined
}

/** What the Search room draws. Columns grow in place, since a replay brings thousands; `size` tells. */
export interface SearchView {
  readonly size: number
  readonly candidates: Candidates
  readonly groups: readonly SearchGroup[]
  /** By signature: widths measured of one group alone, as ratios of the network's latency. */
  readonly staircases: Readonly<Record<string, { readonly points: readonly Stair[] }>>
  readonly checks: readonly Check[]
  readonly course: Course
  /** The random baseline's. */
  readonly random: Course
  /** Alpha, beta, delta. */
  readonly leaders: readonly Leader[]
  /** How many there will be, as far as is known. */
  readonly evaluations?: number
  readonly method?: string
  /** Latency allowed, as a fraction of the original's. */
  readonly budget?: number
  /** Kept in reserve of it, for the predictor's errors. */
  readonly margin?: number
}

const noCourse: Course = { evaluated: 0, bests: [] }

export const emptySearch: SearchView = {
  size: 0,
  candidates: new Candidates(0),
  groups: [],
  staircases: {},
  checks: [],
  course: noCourse,
  random: noCourse,
  leaders: [],
}

/**
 * Adds what one progress event says of the search: candidates as the search scores them, and the finalists and the front
 * that the device measures. The choosing stage searches on with the same method between measurements; what the
 * baselines evaluate there is not the pack's.
 * @param total of the stage: evaluations allowed
 */
export function addSearchFigures(before: SearchView, stage: string, total: number, data: ProgressData): SearchView {
  const view = withScene(before, data)
  if (stage !== 'search' && stage !== 'choose') return view
  if (data.measured !== undefined) return stage === 'choose' ? addMeasured(view, data, data.measured) : view
  if (data.fitness === undefined) return view
  const isPack = stage === 'search' || data.method === undefined || data.method === view.method
  if (!isPack) {
    const random = data.method === 'random' ? further(view.random, data.fitness) : view.random
    return { ...view, size: view.size + 1, random }
  }
  const latency = data.predicted ?? data.cost
  if (latency === undefined) return view
  const own = withCandidates(view)
  own.candidates.add({ ...data, latency, fitness: data.fitness })
  // What the front asks beside the search was made by no method.
  if (data.method === undefined) return { ...own, size: own.size + 1 }
  const course = further(view.course, data.fitness)
  return {
    ...own,
    size: view.size + 1,
    course,
    evaluations: stage === 'search' ? total : Math.max(view.evaluations ?? 0, course.evaluated),
    leaders: leadersOf(own, data),
    method: data.method,
    ...(data.budget !== undefined && { budget: data.budget }),
    ...(data.margin !== undefined && { margin: data.margin }),
  }
}

/** The groups and their staircases, once they are told. */
function withScene(view: SearchView, { groups, staircases, checks, budget }: ProgressData): SearchView {
  if (!groups) return view
  return {
    ...view,
    size: view.size + 1,
    groups,
    candidates: new Candidates(groups.length),
    ...(staircases && { staircases }),
    ...(checks && { checks: checks.map((check) => ({ kind: 'random' as const, ...check })) }),
    ...(budget !== undefined && { budget }),
  }
}

/** Never into the shared empty one. */
const withCandidates = (view: SearchView): SearchView =>
  view.candidates === emptySearch.candidates ? { ...view, candidates: new Candidates(0) } : view

function addMeasured(view: SearchView, data: ProgressData, measured: number): SearchView {
  const own = withCandidates(view)
  const known = data.kept && own.candidates.find(data.kept)
  if (known !== undefined) own.candidates.measure(known, measured, data.fitness)
  else if (data.fitness !== undefined)
    own.candidates.add({ ...data, latency: data.predicted ?? measured, fitness: data.fitness, measured })
  const { predicted } = data
  const checks =
    predicted === undefined ? view.checks : [...view.checks, { kind: 'chosen' as const, predicted, measured }]
  return { ...own, size: view.size + 1, checks }
}

function leadersOf(view: SearchView, { leaders }: ProgressData): readonly Leader[] {
  if (!leaders || leaders.length === 0) return view.leaders
  return leaders.flatMap(({ fitness, predicted, cost }): Leader[] => {
    const latency = predicted ?? cost
    if (fitness === undefined || latency === undefined) return []
    const before = view.leaders.find((leader) => leader.fitness === fitness)
    return [{ latency, fitness, index: before?.index ?? view.candidates.findFitness(fitness) }]
  })
}

/** One evaluation on. */
function further({ evaluated, bests }: Course, fitness: number): Course {
  const evaluation = evaluated + 1
  const improves = fitness < (bests.at(-1)?.best ?? Infinity)
  return { evaluated: evaluation, bests: improves ? [...bests, { evaluation, best: fitness }] : bests }
}
