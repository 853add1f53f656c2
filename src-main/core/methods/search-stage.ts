import type { ArchiveEntry } from '../search/archive'
import { BeeColony } from '../search/bee-colony'
import { DifferentialEvolution } from '../search/differential-evolution'
import { GreyWolf } from '../search/grey-wolf'
import { defaultPack } from '../search/population'
import { LocalSearch } from '../search/local-search'
import { NetAdapt } from '../search/net-adapt'
import { RandomSearch } from '../search/random-search'
import type { Problem } from '../search/repair'
import type { Searcher } from '../search/searcher'
import { UniformSearch } from '../search/uniform'
import type { Position } from '../search/wolf-moves'
import type { Race, Score, Widths } from '../ports'
import { createRandom, deriveSeed } from '../statistics/random'
import type { SearchMethod, SearchOptions, SearchRequest } from './pruner-types'
import type { Recorder } from './recording'

/** What a live view draws after each evaluation; `cost` is the predicted latency ratio with its margin. */
export interface SearchProgress {
  readonly method: SearchMethod
  /** Distinct plans of this search so far. */
  readonly evaluation: number
  readonly best: number
  readonly fitness: number
  readonly cost: number
  readonly source: string
  readonly leaders: readonly { readonly fitness: number; readonly cost: number }[]
}

const roundingsOf = ({ roundings }: SearchOptions = {}) => (roundings ? { roundings } : {})

/** A searcher for a method, with a random stream of its own. */
export function createSearcher(
  request: SearchRequest,
  method: SearchMethod,
  problem: Problem,
  evaluations: number,
  label: string,
  seeds?: readonly Position[],
): Searcher {
  const random = createRandom(deriveSeed(request.seed, label))
  if (method === 'uniform') {
    // The baseline of another method is the plain one.
    const own = request.method === 'uniform' ? { removals: true, ...roundingsOf(request.options) } : {}
    return new UniformSearch(problem, request.groups, evaluations, random, own)
  }
  if (method === 'random') return new RandomSearch(problem, { evaluations }, random)
  if (method === 'netadapt') return new NetAdapt(problem, { evaluations }, random)
  const { pack = defaultPack(evaluations), decay = 'nonlinear' } = request.options ?? {}
  const common = { evaluations, ...(seeds && { seeds }) }
  if (method === 'abc') return new BeeColony(problem, { ...common, sources: pack }, random)
  if (method === 'de') return new DifferentialEvolution(problem, { ...common, population: pack }, random)
  if (method === 'knapsack') return new LocalSearch(problem, { ...common, neighbours: pack }, random)
  return new GreyWolf(problem, { ...common, pack, decay, variant: method }, random)
}

/** Runs a searcher to its end; candidates race against what they have to beat. @throws whatever the evaluator throws, or the signal */
export async function drive(
  searcher: Searcher,
  recorder: Recorder,
  onEvaluation: (progress: SearchProgress, score: Score, widths: Widths) => void,
): Promise<void> {
  for (let count = 0, best = Infinity; !searcher.done;) {
    const batch = searcher.ask()
    if (searcher.done) break
    const scoreOf = (rival: ArchiveEntry | undefined) => rival && recorder.score(rival.widths)
    const rivals = searcher.rivals()?.map(scoreOf)
    const race: Race | undefined = rivals && { rivals }
    const leaders = searcher.leaders().map(({ fitness, cost }) => ({ fitness, cost }))
    const scores = await recorder.evaluate(
      batch.map((candidate) => candidate.widths),
      (score, i) => {
        best = Math.min(best, score.divergence)
        const { cost, source, widths } = batch[i]!
        const method = searcher.method as SearchMethod
        const progress = { method, evaluation: ++count, best, fitness: score.divergence, cost, source, leaders }
        onEvaluation(progress, score, widths)
      },
      race,
    )
    searcher.tell(scores.map((score) => score.divergence))
  }
}
