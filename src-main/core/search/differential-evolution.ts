import type { Random } from '../ports'
import { type Generation, defaultPack, type Member, PopulationSearcher } from './population'
import type { Problem } from './repair'
import type { SearcherState } from './searcher'
import { seedPositions } from './seeding'
import { fixBound, type Position } from './wolf-moves'

export interface DifferentialEvolutionOptions {
  /** Distinct plans to evaluate. */
  readonly evaluations: number
  /** Default as the wolves'. */
  readonly population?: number
  /** F, the weight of the difference. Default 0.5. */
  readonly weight?: number
  /** CR, the chance that a dimension is taken from the mutant. Default 0.9. */
  readonly crossover?: number
  /** First positions, in place of those from the sensitivities; filled up with random ones. */
  readonly seeds?: readonly Position[]
}

interface Inner {
  readonly population: readonly Member[]
  /** Per member what it tries; null where there is no evaluation left for it. */
  readonly trials: readonly (Member | null)[]
}

/** DE/rand/1/bin (Storn & Price, J. Global Optim. 11, 1997), every trial repaired to the budget and written back. */
export class DifferentialEvolution extends PopulationSearcher {
  readonly method = 'de'
  private readonly options: Required<Omit<DifferentialEvolutionOptions, 'seeds'>> & { seeds?: readonly Position[] }
  private pool: Inner

  constructor(problem: Problem, options: DifferentialEvolutionOptions, random: Random, state?: SearcherState) {
    super(problem, options.evaluations, random, state)
    const population = Math.min(options.population ?? defaultPack(options.evaluations), options.evaluations)
    this.options = { weight: 0.5, crossover: 0.9, ...options, population }
    this.pool = (state?.inner as Inner | undefined) ?? { population: [], trials: [] }
  }

  protected breed(generation: Generation): void {
    const trials = this.pool.population.length === 0 ? this.seeds(generation) : this.mutants(generation)
    this.pool = { ...this.pool, trials }
  }

  private seeds(generation: Generation): (Member | null)[] {
    const { population, seeds } = this.options
    const positions = seedPositions(this.problem, population, this.random, seeds)
    return positions.map((position) => this.attempt(generation, position, 'seed') ?? null)
  }

  private mutants(generation: Generation): (Member | null)[] {
    const { population } = this.pool
    const { weight, crossover } = this.options
    return population.map(({ position: x }, i) => {
      const [a, b, c] = this.others(i, 3).map((j) => population[j]!.position) as [Position, Position, Position]
      // One dimension at least comes from the mutant.
      const certain = this.random.below(x.length)
      const trial = x.map((from, d) => {
        const taken = this.random.next() < crossover || d === certain
        return taken ? fixBound(from, a[d]! + weight * (b[d]! - c[d]!)) : from
      })
      return this.attempt(generation, trial, 'de') ?? null
    })
  }

  /** Different members, none of them `i`; repeated where the population is smaller than that. */
  private others(i: number, count: number): number[] {
    const size = this.pool.population.length
    const left = Array.from({ length: size }, (_, j) => j).filter((j) => j !== i)
    return Array.from({ length: count }, () =>
      left.length > 0 ? left.splice(this.random.below(left.length), 1)[0]! : this.random.below(size),
    )
  }

  protected advance(): void {
    const { population, trials } = this.pool
    const next =
      population.length === 0
        ? trials.filter((trial) => trial !== null)
        : population.map((member, i) => (trials[i] && this.isFitter(trials[i], member) ? trials[i] : member))
    this.pool = { population: next, trials: [] }
  }

  protected opponent(key: string): Member | undefined {
    return this.pool.population[this.pool.trials.findIndex((trial) => trial?.key === key)]
  }

  protected members(): Inner {
    return this.pool
  }
}
