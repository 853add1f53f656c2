import type { Random } from '../ports'
import { sanitize } from './archive'
import { type Budget, fits, kindsOf } from './budget'
import { fill, narrow, type Problem } from './repair'
import { BaseSearcher, type Candidate, type SearcherState } from './searcher'
import { isMasked, lossOf, widthsOf } from './space'

export interface NetAdaptOptions {
  /** Distinct plans to evaluate: they decide how large the steps are. */
  readonly evaluations: number
}

interface Step {
  readonly levels: readonly number[]
  readonly candidate: Candidate
}

interface Inner {
  readonly levels: readonly number[]
  /** Steps taken towards the budget. */
  readonly step: number
  /** Evaluations of plans above the budget, which the archive does not hold. */
  readonly spent: number
  readonly trials: readonly Step[]
  /** Fitness where it stands; null before the first step. */
  readonly fitness: number | null
}

/** Fewer steps than this would be no search; where evaluations are short, only the most promising dimensions are tried. */
const FEWEST_STEPS = 8

/**
 * NetAdapt's greedy search (Yang et al., ECCV 2018): in every step each dimension alone is narrowed until the step's
 * target is met, each such plan is evaluated, and the one that loses least per cost saved is taken. Our reading: equal
 * steps, as many as the evaluations allow (the paper shrinks them by 4 % a step until it is there), fitness without the
 * paper's short fine-tuning, and the last plan filled up to the budget. Plans above the budget are counted as evaluations
 * but not kept.
 */
export class NetAdapt extends BaseSearcher {
  readonly method = 'netadapt'
  private greedy: Inner

  constructor(problem: Problem, options: NetAdaptOptions, random: Random, state?: SearcherState) {
    super(problem, options.evaluations, random, state)
    const levels = problem.space.dimensions.map(() => 0)
    this.greedy = (state?.inner as Inner | undefined) ?? { levels, step: 0, spent: 0, trials: [], fitness: null }
  }

  /** Dimensions tried per step, and steps. */
  private plan(): { width: number; steps: number } {
    const dimensions = this.problem.space.dimensions.length
    const width = Math.max(1, Math.min(dimensions, Math.floor(this.evaluations / FEWEST_STEPS)))
    return { width, steps: Math.max(1, Math.floor((this.evaluations - 1) / width)) }
  }

  protected propose(left: number): Candidate[] | undefined {
    const { space, costs, budget } = this.problem
    const { levels, step } = this.greedy
    if (space.dimensions.length === 0 || left <= 0) return undefined
    if (fits(costs, budget, widthsOf(space, levels))) return this.last(levels)
    // One evaluation is kept for a plan that meets the budget.
    if (left === 1) return this.last(narrow(this.problem, levels))
    const { width, steps } = this.plan()
    const target = this.targetAt(Math.min(1, (step + 1) / steps))
    const options = levels
      .map((_, d) => this.narrowed(d, target))
      .filter((next) => next !== undefined)
      .sort((a, b) => this.price(a) - this.price(b))
      .slice(0, Math.min(width, left - 1))
    const trials: Step[] = []
    const taken = new Set<string>()
    for (const next of options) {
      const candidate = this.candidate(next, 'netadapt')
      if (this.isKnown(candidate, taken)) continue
      taken.add(candidate.key)
      trials.push({ levels: next, candidate })
    }
    if (trials.length === 0) return undefined
    this.greedy = { ...this.greedy, trials }
    return trials.map(({ candidate }) => candidate)
  }

  /** The plan it ended at, with whatever still fits widened again. */
  private last(levels: readonly number[]): Candidate[] | undefined {
    const filled = fill(this.problem, levels)
    const candidate = this.candidate(filled, 'netadapt')
    if (this.isKnown(candidate, new Set())) return undefined
    this.greedy = { ...this.greedy, trials: [{ levels: filled, candidate }] }
    return [candidate]
  }

  /** The share `progress` of the way from the untouched network to the budget, per kind. */
  private targetAt(progress: number): Budget {
    const { costs, budget } = this.problem
    return Object.fromEntries(
      kindsOf(budget).map((kind) => {
        const start = costs.cost(kind, {})
        return [kind, progress >= 1 ? budget[kind]! : start - progress * (start - budget[kind]!)]
      }),
    )
  }

  /** The widest level of one dimension that meets the target; its narrowest where none does; undefined at the end. */
  private narrowed(d: number, target: Budget): number[] | undefined {
    const { space, costs } = this.problem
    const { levels } = this.greedy
    const count = space.dimensions[d]!.levels.length
    if (isMasked(space, levels, d) || levels[d]! >= count - 1) return undefined
    for (let level = levels[d]! + 1; level < count; level++) {
      const next = levels.with(d, level)
      if (fits(costs, target, widthsOf(space, next))) return next
    }
    return levels.with(d, count - 1)
  }

  /** Estimated loss per cost saved: which dimensions to try where not all can be. */
  private price(next: readonly number[]): number {
    const { space } = this.problem
    const loss = lossOf(space, next) - lossOf(space, this.greedy.levels)
    return loss / Math.max(1e-9, this.saving(next))
  }

  private saving(next: readonly number[]): number {
    const { space, costs, budget } = this.problem
    const [kind] = kindsOf(budget)
    if (!kind) return 1
    return costs.cost(kind, widthsOf(space, this.greedy.levels)) - costs.cost(kind, widthsOf(space, next))
  }

  protected override get used(): number {
    return this.archive.evaluations + this.greedy.spent
  }

  /** Every trial's loss is weighed against its saving. */
  override rivals(): undefined {
    return undefined
  }

  protected override record(candidate: Candidate, fitness: number): void {
    const { costs, budget } = this.problem
    if (fits(costs, budget, candidate.widths)) super.record(candidate, fitness)
    else this.greedy = { ...this.greedy, spent: this.greedy.spent + 1 }
  }

  protected advance(fitness: readonly number[]): void {
    const { trials, fitness: before } = this.greedy
    const losses = fitness.map((value) => sanitize(value) - (before ?? 0))
    const price = trials.map(({ levels }, i) => losses[i]! / Math.max(1e-9, this.saving(levels)))
    const best = price.indexOf(Math.min(...price))
    const { levels } = trials[best]!
    const step = this.greedy.step + 1
    this.greedy = { ...this.greedy, levels, step, trials: [], fitness: sanitize(fitness[best]!) }
  }

  protected inner(): Inner {
    return this.greedy
  }
}
