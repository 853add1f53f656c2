import type { Random } from '../ports'
import { type Problem, repair, repairBlindly } from './repair'
import { BaseSearcher, type Candidate, type SearcherState } from './searcher'

export interface RandomSearchOptions {
  readonly evaluations: number
  readonly batch?: number
  /** Repair by sensitivities, as the wolves do. Default false: plain random search knows nothing. */
  readonly informed?: boolean
}

/** Levels drawn uniformly. */
export const randomLevels = (problem: Problem, random: Random): number[] =>
  problem.space.dimensions.map(({ levels }) => random.below(levels.length))

/** Duplicates in a row before the space counts as exhausted. */
const PATIENCE = 50

/** Random plans on the budget: the baseline every optimizer has to beat at equal evaluations. */
export class RandomSearch extends BaseSearcher {
  readonly method = 'random'

  constructor(
    problem: Problem,
    private readonly options: RandomSearchOptions,
    random: Random,
    state?: SearcherState,
  ) {
    super(problem, options.evaluations, random, state)
  }

  protected propose(left: number): Candidate[] | undefined {
    if (this.problem.space.dimensions.length === 0) return undefined
    const taken = new Set<string>()
    const batch: Candidate[] = []
    const size = Math.min(left, this.options.batch ?? 16)
    for (let misses = 0; batch.length < size && misses < PATIENCE;) {
      const start = randomLevels(this.problem, this.random)
      const levels = this.options.informed
        ? repair(this.problem, start)
        : repairBlindly(this.problem, start, this.random)
      const candidate = this.candidate(levels, 'random')
      if (this.isKnown(candidate, taken)) {
        misses++
        continue
      }
      taken.add(candidate.key)
      batch.push(candidate)
    }
    return batch.length > 0 ? batch : undefined
  }

  protected advance(): void {}

  protected inner(): null {
    return null
  }
}
