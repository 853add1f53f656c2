import { fail } from '../failure'
import { type Budget, type CostKind, costKinds, type CostModel, kindsOf } from './budget'
import { type Space, widthsOf } from './space'

/** The smallest fraction of the original each kind can reach in a space, every dimension at its cheapest level. */
export function smallestReachable(
  space: Space,
  costs: CostModel,
  kinds: readonly CostKind[],
): Partial<Record<CostKind, number>> {
  const result: Partial<Record<CostKind, number>> = {}
  for (const kind of kinds) {
    const levels = space.dimensions.map(({ levels }) => {
      const price = levels.map((level) => level.costs[kind] ?? 0)
      return price.indexOf(Math.min(...price))
    })
    result[kind] = costs.cost(kind, widthsOf(space, levels))
  }
  return result
}

/**
 * The failure for a budget that cannot be met: kind 'input', code 'budget-unreachable'; names the smallest reachable
 * fraction of each kind.
 */
export function budgetUnreachable(
  budget: Budget,
  reachable: Partial<Record<CostKind, number>>,
  how = 'can be reached',
): Error {
  const list = (of: Partial<Record<CostKind, number>>, digits: (value: number) => string): string =>
    costKinds.flatMap((kind) => (of[kind] === undefined ? [] : [`${kind} ${digits(of[kind])}`])).join(', ')
  // Rounded up, so that the number named is one that works.
  const up = (value: number): string => (Math.ceil(value * 1000 - 1e-9) / 1000).toFixed(3)
  return fail(
    'input',
    'budget-unreachable',
    `The budget (${list(budget, String)}) is below what ${how}: at least ${list(reachable, up)}.`,
    'Raise the budget, allow more groups to be pruned, or let residual branches be removed.',
  )
}

/** @throws LupineError kind 'input' code 'budget-unreachable' */
export function assertReachable(space: Space, costs: CostModel, budget: Budget): void {
  const reachable = smallestReachable(space, costs, kindsOf(budget))
  if (kindsOf(budget).some((kind) => reachable[kind]! > budget[kind]!)) throw budgetUnreachable(budget, reachable)
}
