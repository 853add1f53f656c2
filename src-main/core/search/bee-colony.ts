import type { Random } from '../ports'
import { type Generation, defaultPack, type Member, PopulationSearcher } from './population'
import { type Problem, repairBlindly } from './repair'
import { randomLevels } from './random-search'
import type { SearcherState } from './searcher'
import { seedPositions } from './seeding'
import { encode } from './space'
import { fixBound, type Position } from './wolf-moves'

export interface BeeColonyOptions {
  /** Distinct plans to evaluate. */
  readonly evaluations: number
  /** Food sources. Default as the wolves'. */
  readonly sources?: number
  /** Failed trials after which a source is given up. Default 5, ABCPruner's. */
  readonly limit?: number
  /** First positions, in place of those from the sensitivities; filled up with random ones. */
  readonly seeds?: readonly Position[]
}

/** One bee's try at a source. */
interface Trial {
  readonly source: number
  readonly member: Member
  /** A scout's find replaces the source whatever it is worth. */
  readonly scout: boolean
}

interface Inner {
  readonly sources: readonly Member[]
  /** Tries in a row that did not improve a source. */
  readonly failures: readonly number[]
  /** What the pending batch is. */
  readonly phase: 'seed' | 'employed' | 'onlooker'
  readonly trials: readonly Trial[]
}

/** Dimensions a bee changes at once, as in ABCPruner. */
const CHANGED = 2

/**
 * The artificial bee colony (Karaboga 2005) in ABCPruner's form (Lin et al., IJCAI 2020): employed bees try next to
 * every source, onlookers next to sources drawn by fitness, and a source that failed `limit` times is given up for a
 * random plan. Its fitness, larger being better, is 1 / (1 + ours).
 */
export class BeeColony extends PopulationSearcher {
  readonly method = 'abc'
  private readonly options: { readonly sources: number; readonly limit: number; readonly seeds?: readonly Position[] }
  private colony: Inner

  constructor(problem: Problem, options: BeeColonyOptions, random: Random, state?: SearcherState) {
    super(problem, options.evaluations, random, state)
    const sources = Math.min(options.sources ?? defaultPack(options.evaluations), options.evaluations)
    this.options = { limit: 5, ...options, sources }
    const start: Inner = { sources: [], failures: [], phase: 'seed', trials: [] }
    this.colony = (state?.inner as Inner | undefined) ?? start
  }

  protected breed(generation: Generation): void {
    const trials =
      this.colony.phase === 'seed'
        ? this.seeds(generation)
        : this.colony.phase === 'employed'
          ? this.colony.sources.map((_, i) => this.employed(generation, i))
          : this.onlookers().map((i) => this.beside(generation, i, 'onlooker'))
    this.colony = { ...this.colony, trials: trials.filter((trial) => trial !== undefined) }
  }

  private seeds(generation: Generation): (Trial | undefined)[] {
    const { sources, seeds } = this.options
    const positions = seedPositions(this.problem, sources, this.random, seeds)
    return positions.map((position, i) => this.trial(generation, i, position, 'seed'))
  }

  private employed(generation: Generation, i: number): Trial | undefined {
    if (this.colony.failures[i]! < this.options.limit) return this.beside(generation, i, 'employed')
    const levels = repairBlindly(this.problem, randomLevels(this.problem, this.random), this.random)
    return this.trial(generation, i, encode(this.problem.space, levels), 'scout')
  }

  /** As many as there are sources, each taken with probability 0.1 + 0.9 · its share of the best. */
  private onlookers(): number[] {
    const worth = this.colony.sources.map((source) => 1 / (1 + Math.max(0, this.score(source).fitness)))
    const best = Math.max(...worth)
    const chosen: number[] = []
    for (let i = 0; chosen.length < worth.length; i = (i + 1) % worth.length)
      if (this.random.next() < 0.1 + (0.9 * worth[i]!) / best) chosen.push(i)
    return chosen
  }

  /** v = x + φ (x − y) in a few dimensions, φ in [−1, 1), y another source. */
  private beside(generation: Generation, i: number, source: string): Trial | undefined {
    const { sources } = this.colony
    const x = [...sources[i]!.position]
    const other = sources[(i + 1 + this.random.below(Math.max(1, sources.length - 1))) % sources.length]!.position
    for (let change = 0; change < CHANGED; change++) {
      const d = this.random.below(x.length)
      x[d] = fixBound(x[d]!, x[d]! + (2 * this.random.next() - 1) * (x[d]! - other[d]!))
    }
    return this.trial(generation, i, x, source)
  }

  private trial(generation: Generation, source: number, position: Position, name: string): Trial | undefined {
    const member = this.attempt(generation, position, name)
    return member && { source, member, scout: name === 'scout' }
  }

  protected advance(): void {
    const { phase, trials } = this.colony
    if (phase === 'seed') {
      const sources = trials.map(({ member }) => member)
      const failures = sources.map(() => 0)
      this.colony = { sources, failures, phase: 'employed', trials: [] }
      return
    }
    const sources = [...this.colony.sources]
    const failures = [...this.colony.failures]
    for (const { source, member, scout } of trials) {
      const better = scout || this.isFitter(member, sources[source]!)
      if (better) sources[source] = member
      failures[source] = better ? 0 : failures[source]! + 1
    }
    this.colony = { sources, failures, phase: phase === 'employed' ? 'onlooker' : 'employed', trials: [] }
  }

  /** A scout takes its source's place whatever it brings. */
  protected opponent(key: string): Member | undefined {
    const trial = this.colony.trials.find(({ member }) => member.key === key)
    return trial && !trial.scout ? this.colony.sources[trial.source] : undefined
  }

  protected members(): Inner {
    return this.colony
  }
}
