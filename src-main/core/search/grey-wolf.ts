import type { Random } from '../ports'
import { permutation } from '../statistics/random'
import { defaultPack, type Generation, type Member, PopulationSearcher } from './population'
import type { Problem } from './repair'
import type { SearcherState } from './searcher'
import { seedPositions } from './seeding'
import { centre, type Decay, dlhMove, encircling, gwoMove, type Position } from './wolf-moves'

export interface GreyWolfOptions {
  /** Distinct plans to evaluate. */
  readonly evaluations: number
  /** Wolves. Default: a twelfth of the evaluations, 6 to 20. */
  readonly pack?: number
  /** 'igwo' (DLH, greedy personal best) or plain 'gwo'. Default 'igwo'. */
  readonly variant?: 'igwo' | 'gwo'
  readonly decay?: Decay
  /** First positions, in place of those from the sensitivities; filled up with random ones. */
  readonly seeds?: readonly Position[]
}

const asList = (member: Member | undefined): Member[] => (member ? [member] : [])

/** One wolf's plans of a generation: the first pack has one each, GWO one, I-GWO two. */
interface Inner {
  readonly pack: readonly Member[]
  /** Best three positions ever seen. */
  readonly leaders: readonly Member[]
  readonly moves: readonly (readonly Member[])[]
}

/**
 * The improved grey wolf optimizer over pruning plans (I-GWO of Nadimi-Shahraki et al. 2021, nonlinear `a`), or plain
 * GWO. "Improved" is our reading of IGWO-Pruner (IEICE E107-D 7, 2024), whose abstract does not say what it improves.
 * Every position is repaired to the budget and written back; the schedule runs on evaluations spent, so that a GWO with
 * one candidate per wolf and an I-GWO with two are compared at equal cost.
 */
export class GreyWolf extends PopulationSearcher {
  readonly method: 'igwo' | 'gwo'
  private readonly options: Required<Omit<GreyWolfOptions, 'seeds'>> & Pick<GreyWolfOptions, 'seeds'>
  private wolves: Inner

  constructor(problem: Problem, options: GreyWolfOptions, random: Random, state?: SearcherState) {
    super(problem, options.evaluations, random, state)
    const pack = Math.min(options.pack ?? defaultPack(options.evaluations), options.evaluations)
    this.options = { variant: 'igwo', decay: 'nonlinear', ...options, pack }
    this.method = this.options.variant
    this.wolves = (state?.inner as Inner | undefined) ?? { pack: [], leaders: [], moves: [] }
  }

  protected breed(generation: Generation): void {
    const moves = this.wolves.pack.length === 0 ? this.firstPack(generation) : this.hunt(generation)
    this.wolves = { ...this.wolves, moves }
  }

  private firstPack(generation: Generation): Member[][] {
    const { pack, seeds } = this.options
    const positions = seedPositions(this.problem, pack, this.random, seeds)
    return positions.map((position) => asList(this.attempt(generation, position, 'seed')))
  }

  private hunt(generation: Generation): Member[][] {
    const positions = this.wolves.pack.map((wolf) => wolf.position)
    const leaders = this.wolves.leaders.map((wolf) => wolf.position)
    const a = encircling(this.archive.evaluations / this.evaluations, this.options.decay)
    const origin = centre(positions)
    const partners = permutation(positions.length, this.random)
    return positions.map((x, i) => {
      const moved = this.prepare(gwoMove(x, leaders, origin, a, this.random), 'gwo', generation.taken)
      const first = asList(generation.take(moved))
      if (this.options.variant === 'gwo') return first
      const learned = dlhMove(i, positions, moved.position, positions[partners[i]!]!, this.random)
      return [...first, ...asList(this.attempt(generation, learned, 'dlh'))]
    })
  }

  protected advance(): void {
    const { pack, leaders, moves } = this.wolves
    const best = moves.map((own) => this.sort(own)[0])
    const greedy = this.options.variant === 'igwo'
    const next =
      pack.length === 0
        ? best.filter((wolf) => wolf !== undefined)
        : pack.map((wolf, i) => {
            const candidate = best[i]
            if (!candidate) return wolf
            return greedy && !this.isFitter(candidate, wolf) ? wolf : candidate
          })
    // Sorted, not compared one by one: with strict comparisons ties would leave beta and delta empty.
    const distinct = new Map([...leaders, ...next, ...moves.flat()].map((wolf) => [wolf.key, wolf]))
    this.wolves = { pack: next, leaders: this.sort([...distinct.values()]).slice(0, 3), moves: [] }
  }

  /** Plain GWO compares with its leaders only. */
  protected opponent(key: string): Member | undefined {
    const { pack, leaders, moves } = this.wolves
    if (this.options.variant === 'gwo') return leaders.at(-1)
    return pack[moves.findIndex((own) => own.some((move) => move.key === key))]
  }

  protected members(): Inner {
    return this.wolves
  }
}
