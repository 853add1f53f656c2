import type { Random } from '../ports'
import { knapsack } from './knapsack'
import { defaultPack, type Member, PATIENCE, PopulationSearcher } from './population'
import { type Problem, repair } from './repair'
import type { Candidate, SearcherState } from './searcher'
import { decode, encode } from './space'
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
  readonly stalled: number
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
    this.local = (state?.inner as Inner | undefined) ?? { best: null, trials: [], misses: 0, stalled: 0 }
  }

  protected propose(left: number): Candidate[] | undefined {
    const { space } = this.problem
    const { best, misses, stalled } = this.local
    if (stalled >= PATIENCE || space.dimensions.length === 0) return undefined
    const generation = this.generation(left)
    const starts = this.options.seeds ?? [encode(space, knapsack(this.problem))]
    const trials = best
      ? Array.from({ length: this.neighbours }, () => {
          return this.attempt(generation, this.neighbour(best.position, misses), 'local')
        })
      : starts.map((position) => this.attempt(generation, position, 'seed'))
    const { batch } = generation
    const kept = trials.filter((trial) => trial !== undefined)
    this.local = { ...this.local, trials: kept, stalled: batch.length === 0 ? stalled + 1 : 0 }
    return batch
  }

  private neighbour(position: Position, misses: number): Position {
    const { space } = this.problem
    const levels = decode(space, position)
    const changes = 1 + this.random.below(Math.min(FARTHEST, misses + 2))
    for (let change = 0; change < changes; change++) {
      const d = this.random.below(levels.length)
      const shift = (1 + this.random.below(2)) * (this.random.next() < 0.5 ? -1 : 1)
      levels[d] = Math.min(space.dimensions[d]!.levels.length - 1, Math.max(0, levels[d]! + shift))
    }
    return encode(space, repair(this.problem, levels), position)
  }

  protected advance(): void {
    const { best, trials, misses, stalled } = this.local
    const [fittest] = this.sort(trials)
    const better = fittest !== undefined && (!best || this.isFitter(fittest, best))
    this.local = { best: better ? fittest : best, trials: [], misses: better ? 0 : misses + 1, stalled }
  }

  protected inner(): Inner {
    return this.local
  }
}
