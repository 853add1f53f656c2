import { widthGrid, type LatencyGroup } from '../latency/table'
import type { Random, Widths } from '../ports'
import { planKey } from '../search/archive'
import type { CostModel } from '../search/budget'
import { smallestReachable } from '../search/reach'
import { narrow, type Problem } from '../search/repair'
import { createSpace, widthsOf } from '../search/space'

/** Kinds of plans a latency model has to be right about. */
export const planKinds = ['uniform', 'eights', 'removed', 'optimised'] as const
export type PlanKind = (typeof planKinds)[number]

export interface KindPlan {
  readonly kind: PlanKind
  readonly widths: Widths
}

export interface PlanSource {
  readonly groups: readonly LatencyGroup[]
  /** Predicted latency ratio: what an optimiser would believe. */
  predict(widths: Widths): number
  readonly random: Random
  /** Latency ratio that optimised plans are to come close to; a random one for each when absent. */
  readonly budget?: number
}

/** How far below its budget an optimised plan may stay. */
const within = 0.05

/**
 * `count` plans of a kind that are in none of `taken` (which they join): widths drawn evenly between a share of the
 * original, drawn per plan, and the original; the same in multiples of 8; the same with one to half of the branches
 * removed; or optimised: least loss, by random sensitivities, that comes within 5 % of a latency budget.
 * Fewer where the network has no more (nothing to remove).
 */
export function plansOf(kind: PlanKind, count: number, source: PlanSource, taken: Set<string>): KindPlan[] {
  const plans: KindPlan[] = []
  for (let tries = 0; plans.length < count && tries < 30 * count; tries++) {
    const widths = draw(kind, source)
    if (!widths || Object.keys(widths).length === 0 || taken.has(planKey(widths))) continue
    taken.add(planKey(widths))
    plans.push({ kind, widths })
  }
  return plans
}

function draw(kind: PlanKind, source: PlanSource): Widths | undefined {
  if (kind === 'optimised') return optimised(source)
  const even = evenly(source, kind === 'eights' ? 8 : 1)
  return kind === 'removed' ? withoutBranches(source, even) : even
}

function evenly({ groups, random }: PlanSource, round: number): Record<string, number> {
  const least = 0.1 + 0.8 * random.next()
  const widths: Record<string, number> = {}
  for (const { id, channels } of groups) {
    const part = least + (1 - least) * random.next()
    const kept = Math.max(Math.min(round, channels), Math.round((part * channels) / round) * round)
    if (kept < channels) widths[id] = kept
  }
  return widths
}

function withoutBranches({ groups, random }: PlanSource, widths: Widths): Widths | undefined {
  const names = [...new Set(groups.flatMap(({ id, branch, removable }) => (removable ? [branch ?? id] : [])))]
  if (names.length === 0) return undefined
  const share = 0.5 * random.next()
  const gone = new Set(names.filter(() => random.next() < share))
  gone.add(names[random.below(names.length)]!)
  const removed = groups.filter(({ id, branch }) => gone.has(branch ?? id)).map(({ id }) => [id, 0] as const)
  // Half of these plans are otherwise untouched.
  return { ...(random.next() < 0.5 ? widths : {}), ...Object.fromEntries(removed) }
}

/** Random sensitivities stand in for a data set: an optimiser that believes the prediction is what matters here. */
function optimised({ groups, predict, random, budget: wanted }: PlanSource): Widths | undefined {
  const weight = new Map(groups.map(({ id }) => [id, Math.exp(1.5 * random.normal())]))
  const removal = 1 + 2 * random.next()
  const loss = (widths: Widths): number =>
    groups.reduce((sum, { id, channels }) => {
      const kept = widths[id] ?? channels
      return sum + weight.get(id)! * (kept === 0 ? removal : (1 - kept / channels) ** 2)
    }, 0)
  const costs: CostModel = { cost: (_kind, widths) => predict(widths) }
  const space = createSpace({
    groups,
    candidates: ({ channels }) => widthGrid(channels),
    kinds: ['latency'],
    costs,
    loss,
  })
  const least = smallestReachable(space, costs, ['latency']).latency!
  const anywhere = (): number => Math.max(0.35, least + 0.05) + random.next() * Math.max(0, 0.55 - least / 2)
  const budget = { latency: wanted === undefined ? anywhere() : Math.max(wanted, least) }
  if (budget.latency >= 1) return undefined
  const problem: Problem = { space, costs, budget }
  const widths = widthsOf(
    space,
    narrow(
      problem,
      space.dimensions.map(() => 0),
    ),
  )
  return predict(widths) >= budget.latency * (1 - within) ? widths : undefined
}
