import type { LatencyMeasurement, Widths } from '../ports'
import { type ArchiveEntry, paretoFront, planKey } from '../search/archive'
import { type Budget, kindsOf } from '../search/budget'
import { smallestReachable } from '../search/reach'
import { knapsack } from '../search/knapsack'
import type { Problem } from '../search/repair'
import { leadingCost } from '../search/searcher'
import { widthsOf } from '../search/space'
import type { FrontPlan } from './pruner-types'
import type { Recorder } from './recording'

/** Where between the budget and the original, and between the smallest plan and the budget, further plans are sought. */
const above = [0.2, 0.4, 0.6, 0.8]
const below = [0.75, 0.5]
/** A front of more members is thinned out evenly before it is measured. */
const mostMembers = 24

/** A plan with what is known of it; `cost` is predicted, without margin. */
type Member = Pick<ArchiveEntry, 'key' | 'widths' | 'fitness' | 'cost'>

/**
 * The front: the archive's plans lie on the budget, so the best plans by the sensitivities (knapsack) at other budgets
 * are evaluated beside them; with a latency budget every member is measured, and those that others beat by measurement
 * are left out.
 * @param problem without margin
 * @param measured what the device has said already, by plan key
 */
export async function frontStage(
  problem: Problem,
  archive: readonly ArchiveEntry[],
  measured: ReadonlyMap<string, LatencyMeasurement>,
  recorder: Recorder,
  onStep: (done: number, total: number, plan: Partial<FrontPlan> & Pick<FrontPlan, 'widths'>) => void,
): Promise<FrontPlan[]> {
  const known = new Map(archive.map((entry): [string, Member] => [entry.key, entry]))
  const asked = elsewhere(problem).filter((widths) => !known.has(planKey(widths)))
  const timed = problem.budget.latency !== undefined
  const scores = await recorder.evaluate(asked, ({ divergence: fitness }, i) => {
    const widths = asked[i]!
    onStep(i + 1, asked.length, { widths, fitness, ...(timed && { predicted: leadingCost(problem, widths) }) })
  })
  asked.forEach((widths, i) => {
    const { divergence: fitness } = scores[i]!
    known.set(planKey(widths), { key: planKey(widths), widths, fitness, cost: leadingCost(problem, widths) })
  })
  // What lost a race has only been estimated so far.
  const likely = paretoFront([...known.values()])
  const exact = await recorder.evaluate(likely.map(({ widths }) => widths))
  likely.forEach((member, i) => known.set(member.key, { ...member, fitness: exact[i]!.divergence }))
  const front = paretoFront([...known.values()])
  if (!timed) return front.map(({ widths, fitness, cost }) => ({ widths, fitness, cost }))
  const members = thinned(front, mostMembers)
  const missing = members.filter(({ key }) => !measured.has(key))
  const values = await recorder.measure(
    missing.map(({ widths }) => widths),
    ({ ratio }, i) => {
      const { widths, fitness, cost } = missing[i]!
      const plan = { widths, fitness, predicted: cost, measured: ratio }
      onStep(asked.length + i + 1, asked.length + missing.length, plan)
    },
  )
  const ratios = new Map([...measured].map(([key, { ratio }]) => [key, ratio]))
  missing.forEach(({ key }, i) => ratios.set(key, values[i]!.ratio))
  // Plans measured on the way may be better than what prediction put on the front.
  const all = [...known.values()].flatMap(({ key, widths, fitness, cost }) => {
    const ratio = ratios.get(key)
    return ratio === undefined ? [] : [{ widths, fitness, cost: ratio, predicted: cost, measured: ratio }]
  })
  return paretoFront(all)
}

/** The knapsack's plans at budgets around the problem's. */
function elsewhere(problem: Problem): Widths[] {
  const { budget, space, costs } = problem
  const kinds = kindsOf(budget)
  const least = smallestReachable(space, costs, kinds)
  const between = (part: (kind: (typeof kinds)[number]) => number): Budget =>
    Object.fromEntries(kinds.map((kind) => [kind, part(kind)]))
  const budgets = [
    ...below.map((t) => between((kind) => least[kind]! + t * Math.max(0, budget[kind]! - least[kind]!))),
    ...above.map((t) => between((kind) => budget[kind]! + t * (1 - budget[kind]!))),
  ]
  const plans = budgets
    .filter((own) => kinds.every((kind) => own[kind]! > least[kind]!))
    .map((own) => widthsOf(space, knapsack({ ...problem, budget: own })))
  return [...new Map(plans.map((widths) => [planKey(widths), widths])).values()]
}

/** At most `count` of a list, evenly, its ends among them. */
function thinned<T>(list: readonly T[], count: number): readonly T[] {
  if (list.length <= count) return list
  return Array.from({ length: count }, (_, i) => list[Math.round((i * (list.length - 1)) / (count - 1))]!)
}
