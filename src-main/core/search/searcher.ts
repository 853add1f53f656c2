import type { Random, Widths } from '../ports'
import { restoreRandom } from '../statistics/random'
import { Archive, type ArchiveEntry, planKey } from './archive'
import { kindsOf } from './budget'
import { type Problem, repair } from './repair'
import { decode, encode, shiftLevel, widthsOf } from './space'

/** A plan a searcher wants evaluated. Within budget; distinct from all it has asked before. */
export interface Candidate {
  readonly key: string
  readonly widths: Widths
  /** What the budget's leading cost says of it (latency: prediction + margin). */
  readonly cost: number
  /** Where it is in [0, 1]^D, after repair. Empty for plans from outside the space. */
  readonly position: readonly number[]
  /** Who made it: 'seed', 'gwo', 'dlh', 'random', 'uniform', … */
  readonly source: string
}

/**
 * Ask/tell: `ask` gives the next batch (the same one until told), `tell` takes its fitness in order (smaller is better).
 * An empty batch while not `done` is told `[]`. `state()` is plain JSON; a searcher made from it goes on identically.
 */
export interface Searcher {
  readonly method: string
  readonly archive: Archive
  readonly done: boolean
  ask(): readonly Candidate[]
  /** @throws RangeError when the count differs from what was asked */
  tell(fitness: readonly number[]): void
  /** The best three ever seen. */
  leaders(): readonly ArchiveEntry[]
  /**
   * Per plan asked for, one that it has to beat to make any difference to what comes: its fitness may be an estimate
   * otherwise. Undefined where it counts in any case; no list at all where plans never race.
   */
  rivals(): readonly (ArchiveEntry | undefined)[] | undefined
  state(): SearcherState
}

export interface SearcherState {
  readonly method: string
  readonly random: readonly number[]
  readonly archive: readonly ArchiveEntry[]
  readonly pending: readonly Candidate[] | null
  readonly done: boolean
  /** The method's own. */
  readonly inner: unknown
}

/** The cost that the front is drawn over. */
export function leadingCost(problem: Problem, widths: Widths): number {
  const kind = kindsOf(problem.budget)[0]
  return kind ? problem.costs.cost(kind, widths) : 1
}

/** As many of the best plans may be measured and compared: their fitness is exact. */
const kept = 6

/** How often a repaired duplicate is mutated before the duplicate is accepted. */
const MUTATIONS = 8

/** What every searcher shares: counting, the pending batch, repair with write-back, duplicates, saved state. */
export abstract class BaseSearcher implements Searcher {
  abstract readonly method: string
  readonly archive: Archive
  protected readonly random: Random
  protected pending: readonly Candidate[] | null
  protected finished: boolean

  /** @param evaluations distinct plans it may have evaluated */
  constructor(
    protected readonly problem: Problem,
    readonly evaluations: number,
    random: Random,
    state?: SearcherState,
  ) {
    this.archive = new Archive(state?.archive)
    this.random = state ? restoreRandom(state.random) : random
    this.pending = state?.pending ?? null
    this.finished = state?.done ?? false
  }

  /** The next batch: distinct, unknown, at most `left` of them; undefined when there is nothing more to ask. */
  protected abstract propose(left: number): Candidate[] | undefined
  /** After a batch has been recorded; its fitness in the order asked. */
  protected abstract advance(fitness: readonly number[]): void
  protected abstract inner(): unknown

  get done(): boolean {
    return this.finished
  }

  ask(): readonly Candidate[] {
    if (this.pending) return this.pending
    if (this.finished) return []
    const batch = this.propose(this.evaluations - this.used)
    if (!batch) {
      this.finished = true
      return []
    }
    this.pending = batch
    return batch
  }

  tell(fitness: readonly number[]): void {
    const batch = this.pending ?? []
    if (fitness.length !== batch.length) throw new RangeError(`told ${fitness.length} scores for ${batch.length} plans`)
    batch.forEach((candidate, i) => this.record(candidate, fitness[i]!))
    this.pending = null
    this.advance(fitness)
    if (this.used >= this.evaluations) this.finished = true
  }

  /** Distinct plans evaluated so far. */
  protected get used(): number {
    return this.archive.evaluations
  }

  protected record({ widths, cost }: Candidate, fitness: number): void {
    this.archive.record(widths, fitness, cost)
  }

  leaders(): readonly ArchiveEntry[] {
    return this.archive.best(3)
  }

  rivals(): (ArchiveEntry | undefined)[] | undefined {
    const last = this.archive.best(kept)[kept - 1]
    return this.ask().map((candidate) => last && this.rivalOf(candidate, last))
  }

  /** @param last the last of the best plans, whose fitness is to be exact */
  protected rivalOf(_candidate: Candidate, last: ArchiveEntry): ArchiveEntry | undefined {
    return last
  }

  state(): SearcherState {
    return {
      method: this.method,
      random: this.random.state(),
      archive: this.archive.state(),
      pending: this.pending,
      done: this.finished,
      inner: this.inner(),
    }
  }

  protected candidate(levels: readonly number[], source: string, near?: readonly number[]): Candidate {
    const widths = widthsOf(this.problem.space, levels)
    const position = encode(this.problem.space, levels, near)
    return { key: planKey(widths), widths, cost: leadingCost(this.problem, widths), position, source }
  }

  /**
   * A candidate from a position: decoded, repaired, written back. A plan already known or in `taken` is mutated, ever
   * more strongly; in a space that is nearly exhausted the duplicate may remain.
   */
  protected prepare(position: readonly number[], source: string, taken: ReadonlySet<string>): Candidate {
    const { space } = this.problem
    const first = this.candidate(repair(this.problem, decode(space, position)), source, position)
    let found = first
    for (let attempt = 1; attempt <= MUTATIONS && this.isKnown(found, taken); attempt++) {
      const levels = decode(space, first.position)
      for (let change = 0; change < attempt; change++) {
        shiftLevel(space, levels, this.random.below(levels.length), attempt, this.random)
      }
      found = this.candidate(repair(this.problem, levels), source, first.position)
    }
    return found
  }

  protected isKnown(candidate: Candidate, taken: ReadonlySet<string>): boolean {
    return taken.has(candidate.key) || this.archive.get(candidate.key) !== undefined
  }
}
