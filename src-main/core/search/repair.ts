import type { Random } from '../ports'
import { permutation } from '../statistics/random'
import { type Budget, type CostModel, excess, fits, kindsOf } from './budget'
import { budgetUnreachable, smallestReachable } from './reach'
import { isMasked, lossOf, type Space, widthsOf } from './space'

/** What searchers search: a space under a budget. */
export interface Problem {
  readonly space: Space
  readonly costs: CostModel
  readonly budget: Budget
}

interface Move {
  readonly dimension: number
  readonly level: number
  /** Loss added per relative cost saved. */
  readonly price: number
}

/** Added-up cost of these levels relative to the budget, over the kinds that are exceeded (all when none is). */
function roughCost(problem: Problem, levels: readonly number[], kinds: readonly (keyof Budget)[]): number {
  const { space, budget } = problem
  let sum = 0
  space.dimensions.forEach((dimension, d) => {
    if (isMasked(space, levels, d)) return
    const { costs } = dimension.levels[levels[d]!]!
    for (const kind of kinds) sum -= (1 - costs[kind]!) / budget[kind]!
  })
  return sum
}

/** The narrowing with the least loss per saving, by the levels' own figures. Undefined when nothing narrower saves. */
function cheapestMove(problem: Problem, levels: number[], kinds: readonly (keyof Budget)[]): Move | undefined {
  const { space, budget } = problem
  let best: Move | undefined
  space.dimensions.forEach((dimension, d) => {
    if (isMasked(space, levels, d)) return
    const from = levels[d]!
    const now = dimension.levels[from]!
    for (let level = from + 1; level < dimension.levels.length; level++) {
      const then = dimension.levels[level]!
      let saving = kinds.reduce((sum, kind) => sum + (now.costs[kind]! - then.costs[kind]!) / budget[kind]!, 0)
      let loss = then.loss - now.loss
      if (dimension.kind === 'branch') {
        // Removing the branch also undoes what its groups' widths saved and lost.
        const next = levels.with(d, level)
        saving = roughCost(problem, levels, kinds) - roughCost(problem, next, kinds)
        loss = lossOf(space, next) - lossOf(space, levels)
      }
      if (saving <= 0) continue
      const price = loss / saving
      if (!best || price < best.price) best = { dimension: d, level, price }
    }
  })
  return best
}

/**
 * Levels that meet the budget and cannot be widened by one level anywhere: narrows by least loss per saving (NetAdapt's
 * and HALP's greedy rule) until the budget holds, then fills up again by most loss regained per cost.
 * @throws LupineError kind 'input' code 'budget-unreachable'
 */
export function repair(problem: Problem, start: readonly number[]): number[] {
  return fill(problem, narrow(problem, start))
}

/** Only the first half of `repair`. @throws LupineError kind 'input' code 'budget-unreachable' */
export function narrow(problem: Problem, start: readonly number[]): number[] {
  const { space, costs, budget } = problem
  const levels = [...start]
  const kinds = kindsOf(budget)
  for (;;) {
    const widths = widthsOf(space, levels)
    const exceeded = kinds.filter((kind) => costs.cost(kind, widths) > budget[kind]!)
    if (exceeded.length === 0) return levels
    const move = cheapestMove(problem, levels, exceeded)
    if (!move) throw budgetUnreachable(budget, smallestReachable(space, costs, kinds))
    levels[move.dimension] = move.level
  }
}

/** The same for levels that know no sensitivities: narrows dimensions at random, then widens at random. */
export function repairBlindly(problem: Problem, start: readonly number[], random: Random): number[] {
  const { space, costs, budget } = problem
  const levels = [...start]
  while (!fits(costs, budget, widthsOf(space, levels))) {
    const open = space.dimensions.flatMap(({ levels: all }, d) =>
      levels[d]! < all.length - 1 && !isMasked(space, levels, d) ? [d] : [],
    )
    if (open.length === 0) return repair(problem, levels)
    const chosen = open[random.below(open.length)]!
    levels[chosen] = levels[chosen]! + 1
  }
  return fill(problem, levels, permutation(levels.length, random))
}

/**
 * Widens, one level at a time, whatever still fits, until nothing does: first where most loss is regained per cost, or
 * in a given order of dimensions.
 */
export function fill(problem: Problem, start: readonly number[], order?: readonly number[]): number[] {
  const { space, costs, budget } = problem
  const levels = [...start]
  const kinds = kindsOf(budget)
  // A branch comes back at its groups' latent widths, whose loss may exceed that of its removal.
  const branchGain = (d: number): number => lossOf(space, levels) - lossOf(space, levels.with(d, 0))
  const gain = (d: number): number => {
    const { levels: all } = space.dimensions[d]!
    const [now, then] = [all[levels[d]!]!, all[levels[d]! - 1]!]
    const cost = kinds.reduce((sum, kind) => sum + Math.max(0, then.costs[kind]! - now.costs[kind]!) / budget[kind]!, 0)
    const regained = space.dimensions[d]!.kind === 'branch' ? branchGain(d) : now.loss - then.loss
    return regained / Math.max(cost, 1e-12)
  }
  for (let widened = true; widened;) {
    widened = false
    const open = (order ?? levels.map((_, d) => d)).filter((d) => levels[d]! > 0 && !isMasked(space, levels, d))
    const tried = order ? open : byGain(open, gain)
    for (const d of tried) {
      levels[d] = levels[d]! - 1
      if (excess(costs, budget, widthsOf(space, levels)) <= 0) {
        widened = true
        break
      }
      levels[d] = levels[d]! + 1
    }
  }
  return levels
}

/** The dimensions worth widening, most gain first. */
function byGain(dimensions: readonly number[], gain: (d: number) => number): number[] {
  const gains = dimensions.map((d) => ({ d, gain: gain(d) })).filter((entry) => entry.gain > 0)
  return gains.sort((a, b) => b.gain - a.gain).map(({ d }) => d)
}
