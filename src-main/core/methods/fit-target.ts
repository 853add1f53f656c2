import type { LatencyMeasurement, Widths } from '../ports'
import { fits, kindsOf, measuredGuard, type Budget, type CostKind, type CostModel } from '../search/budget'
import { budgetUnreachable } from '../search/reach'
import type { Target } from './registry'

/** Plans along one number: a keep ratio, or the part of all channels that passes a threshold. */
export interface PlanFamily {
  /** @param share in (0, 1]; the larger, the more is kept */
  widths(share: number): Widths
}

export interface FittedPlan {
  readonly share: number
  readonly widths: Widths
  /** Latency ratio, where the target bounds it. */
  readonly measured?: number
}

const steps = 1000
/** Plans measured at once: over the whole range, then between the two that bracket the budget. */
const ladder = 10

/**
 * The plan of a family that keeps most and meets a target. Costs are a closed form, so a thousandth is found by
 * bisection; latency is measured, at ten shares and at ten more around the budget, and the largest share that met it is
 * taken: a staircase may let a wider plan through that lies above a slower, narrower one.
 * @throws LupineError input 'budget-unreachable'
 */
export async function fitTarget(
  family: PlanFamily,
  target: Target,
  costs: CostModel,
  measure: (plans: readonly Widths[]) => Promise<readonly LatencyMeasurement[]>,
): Promise<FittedPlan> {
  const { keep = 1, latency, ...closed } = target
  const share = Math.min(keep, largestShare(family, closed, costs))
  if (latency === undefined) return { share, widths: family.widths(share) }
  let [low, high] = [0, share]
  const met = new Map<number, number>()
  let fastest = Infinity
  for (let round = 0; round < 2; round++) {
    const shares = Array.from({ length: ladder }, (_, i) => low + ((high - low) * (i + 1)) / (ladder + round))
    const measured = await measure(shares.map((each) => family.widths(each)))
    measured.forEach(({ ratio }, i) => {
      fastest = Math.min(fastest, ratio)
      if (ratio <= latency * measuredGuard) met.set(shares[i]!, ratio)
    })
    const best = Math.max(...met.keys(), 0)
    if (best === shares.at(-1) && round === 0) break
    ;[low, high] = [best, best + (high - low) / ladder]
  }
  const best = Math.max(...met.keys(), 0)
  if (best === 0) throw budgetUnreachable({ latency }, { latency: fastest }, 'was measured')
  return { share: best, widths: family.widths(best), measured: met.get(best)! }
}

/** @throws LupineError input 'budget-unreachable' */
function largestShare(family: PlanFamily, budget: Budget, costs: CostModel): number {
  const kinds = kindsOf(budget)
  if (kinds.length === 0) return 1
  const meets = (step: number): boolean => fits(costs, budget, family.widths(step / steps))
  if (meets(steps)) return 1
  let [low, high] = [0, steps]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (meets(middle)) low = middle
    else high = middle
  }
  if (low > 0) return low / steps
  const least = family.widths(1 / steps)
  const reachable: Partial<Record<CostKind, number>> = {}
  for (const kind of kinds) reachable[kind] = costs.cost(kind, least)
  throw budgetUnreachable(budget, reachable)
}
