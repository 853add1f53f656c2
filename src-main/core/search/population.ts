import { type ArchiveEntry, byFitness } from './archive'
import type { Random } from '../ports'
import type { Problem } from './repair'
import { BaseSearcher, type Candidate, type SearcherState } from './searcher'
import type { Position } from './wolf-moves'

/** A plan that a population holds, or that one of its members tries. */
export interface Member {
  readonly position: Position
  readonly key: string
}

/** In a space with fewer plans than evaluations every generation ends up without a new plan; then stop. */
const PATIENCE = 8

/** Members: a twelfth of the evaluations, 6 to 20. */
export const defaultPack = (evaluations: number): number => Math.min(20, Math.max(6, Math.round(evaluations / 12)))

/** A generation being put together: what has to be evaluated, and what every member tries. */
export class Generation {
  readonly batch: Candidate[] = []
  readonly taken = new Set<string>()

  /**
   * @param left evaluations that may still be spent
   * @param isKnown whether a plan has been evaluated, or is in this generation
   */
  constructor(
    private readonly left: number,
    private readonly isKnown: (candidate: Candidate, taken: ReadonlySet<string>) => boolean,
  ) {}

  /** A plan that is known costs nothing and still counts; one beyond the evaluations left is dropped: undefined. */
  take(candidate: Candidate): Member | undefined {
    if (!this.isKnown(candidate, this.taken)) {
      if (this.batch.length >= this.left) return undefined
      this.taken.add(candidate.key)
      this.batch.push(candidate)
    }
    return { position: candidate.position, key: candidate.key }
  }
}

/** What the searchers that keep a population share. */
export abstract class PopulationSearcher extends BaseSearcher {
  /** Generations in a row that brought no new plan. */
  private stalled: number

  constructor(problem: Problem, evaluations: number, random: Random, state?: SearcherState) {
    super(problem, evaluations, random, state)
    this.stalled = (state?.inner as { stalled: number } | undefined)?.stalled ?? 0
  }

  /** Puts what the members try next into a generation, and remembers it. */
  protected abstract breed(generation: Generation): void
  /** The population and what it tries; plain JSON. */
  protected abstract members(): object

  protected propose(left: number): Candidate[] | undefined {
    if (this.stalled >= PATIENCE || this.problem.space.dimensions.length === 0) return undefined
    const generation = new Generation(left, (candidate, taken) => this.isKnown(candidate, taken))
    this.breed(generation)
    this.stalled = generation.batch.length === 0 ? this.stalled + 1 : 0
    return generation.batch
  }

  /** The member that a plan asked for is to replace; undefined where it comes in without a comparison. */
  protected abstract opponent(key: string): Member | undefined

  protected override rivalOf({ key }: Candidate, last: ArchiveEntry): ArchiveEntry | undefined {
    const opponent = this.opponent(key)
    if (!opponent) return undefined
    const own = this.score(opponent)
    return byFitness(own, last) > 0 ? own : last
  }

  protected inner(): object {
    return { ...this.members(), stalled: this.stalled }
  }

  /** A position repaired and put into a generation; undefined when no evaluation is left for it. */
  protected attempt(generation: Generation, position: Position, source: string): Member | undefined {
    return generation.take(this.prepare(position, source, generation.taken))
  }

  /** An evaluated member's entry. */
  protected score(member: Member): ArchiveEntry {
    return this.archive.get(member.key)!
  }

  /** Best first. */
  protected sort(members: readonly Member[]): Member[] {
    return [...members].sort((a, b) => byFitness(this.score(a), this.score(b)))
  }

  /** Whether `a` is strictly fitter than `b`. */
  protected isFitter(a: Member, b: Member): boolean {
    return this.score(a).fitness < this.score(b).fitness
  }
}
