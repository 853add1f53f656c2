import type { Random } from '../ports'
import { knapsack } from './knapsack'
import { defaultPack, type Generation, type Member, PopulationSearcher } from './population'
import type { Problem } from './repair'
import type { SearcherState } from './searcher'
import { decode, encode, shiftLevel } from './space'
import type { Position } from './wolf-moves'

export interface LocalSearchOptions {
  /** Distinct plans to evaluate. */
  readonly evaluations: number
  /** Neighbours tried at a time. Default as many as there would be wolves. */
  readonly neighbours?: number
  /** Where to start, in place of the knapsack's plan. */
  readonly seeds?: readonly Position[]
}

interface Inner {
  /** The best so far; its neighbours are tried. */
  readonly best: Member | null
  readonly trials: readonly Member[]
  /** Batches in a row without an improvement: how far the next one looks. */
  readonly misses: number
}

/** No batch changes more dimensions than this. */
const FARTHEST = 6

/**
 * The knapsack's plan on the sensitivities, then local search around the best plan found: neighbours differ in a few
 * dimensions, in more of them the longer nothing has been found (variable neighbourhood search, Mladenović & Hansen,
 * Comput. Oper. Res. 24, 1997). The rival that uses what is known and nothing else.
 */
export class LocalSearch extends PopulationSearcher {
  readonly method = 'knapsack'
  private readonly neighbours: number
  private local: Inner

  constructor(
    problem: Problem,
    private readonly options: LocalSearchOptions,
    random: Random,
    state?: SearcherState,
  ) {
    super(problem, options.evaluations, random, state)
    this.neighbours = Math.min(options.neighbours ?? defaultPack(options.evaluations), options.evaluations)
    this.local = (state?.inner as Inner | undefined) ?? { best: null, trials: [], misses: 0 }
  }

  protected breed(generation: Generation): void {
    const { space } = this.problem
    const { best, misses } = this.local
    const starts = this.options.seeds ?? [encode(space, knapsack(this.problem))]
    const trials = best
      ? Array.from({ length: this.neighbours }, () => {
          return this.attempt(generation, this.neighbour(best.position, misses), 'local')
        })
      : starts.map((position) => this.attempt(generation, position, 'seed'))
    this.local = { ...this.local, trials: trials.filter((trial) => trial !== undefined) }
  }

  private neighbour(position: Position, misses: number): Position {
    const { space } = this.problem
    const levels = decode(space, position)
    const changes = 1 + this.random.below(Math.min(FARTHEST, misses + 2))
    for (let change = 0; change < changes; change++)
      shiftLevel(space, levels, this.random.below(levels.length), 2, this.random)
    return encode(space, levels, position)
  }

  protected advance(): void {
    const { best, trials, misses } = this.local
    const [fittest] = this.sort(trials)
    const better = fittest !== undefined && (!best || this.isFitter(fittest, best))
    this.local = { best: better ? fittest : best, trials: [], misses: better ? 0 : misses + 1 }
  }

  protected opponent(): Member | undefined {
    return this.local.best ?? undefined
  }

  protected members(): Inner {
    return this.local
  }
}
