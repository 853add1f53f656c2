import { fail } from '../failure'
import type { Widths } from '../ports'
import { knapsack } from '../search/knapsack'
import { smallestReachable } from '../search/reach'
import { widthsOf } from '../search/space'
import { planSpace, withLatency } from './latency-stage'
import type { LatencyKnowledge } from './latency-knowledge'
import type { SearchRequest } from './pruner-types'
import type { Recorder } from './recording'
import type { Sensitivities } from './sensitivity-stage'

/** Short trainings spent on finding the budget: each halves what is left of the range. */
const trainings = 5
/** Above it a plan saves next to nothing. */
const widest = 0.95

/**
 * The latency budget for "the fastest that is at least this accurate": bisected over budgets, each judged by the
 * knapsack's plan on the sensitivities after a short fine-tuning. A full fine-tuning makes plans more accurate than that,
 * and the search finds better plans than the knapsack: the goal is met with something to spare, not missed.
 * @returns a latency ratio, and the top-1 that was seen at it
 * @throws LupineError usage 'goal-needs-training', 'goal-needs-labels'; input 'goal-unreachable' naming what can be had
 */
export async function goalStage(
  request: SearchRequest,
  accuracy: number,
  latency: LatencyKnowledge,
  sensitivities: Sensitivities,
  recorder: Recorder,
): Promise<{ latency: number; top1: number }> {
  const { costs, refiner, onProgress } = request
  if (!refiner)
    throw fail(
      'usage',
      'goal-needs-training',
      'An accuracy to reach needs short trainings, to see what it costs.',
      'Use lupine run with --refine 2 or more, or give a latency budget.',
    )
  const space = planSpace({ ...request, budget: { latency: 1 } }, latency, sensitivities.loss)
  const model = withLatency(costs, latency, latency.margin)
  const judge = async (budget: number, i: number): Promise<number> => {
    const widths: Widths = widthsOf(space, knapsack({ space, costs: model, budget: { latency: budget } }))
    const { top1, divergence } = await recorder.refine(refiner, widths)
    if (top1 === undefined)
      throw fail('usage', 'goal-needs-labels', 'An accuracy to reach needs labelled images.', 'Give a latency budget.')
    const detail = `latency ${budget.toFixed(3)}: top-1 ${(100 * top1).toFixed(1)} % after a short fine-tuning`
    const data = { latency: budget, top1, divergence }
    onProgress?.('goal', { done: i, total: trainings + 1, detail, data })
    return top1
  }
  let slow = { latency: widest, top1: await judge(widest, 1) }
  if (slow.top1 < accuracy) {
    throw fail(
      'input',
      'goal-unreachable',
      `At ${widest} of the original's latency the network has a top-1 of ${slow.top1.toFixed(4)} after a short fine-tuning, below the ${accuracy} asked for.`,
      'Ask for less accuracy, give --holdout images that say more of it, or a latency budget and more epochs.',
    )
  }
  let fast = smallestReachable(space, model, ['latency']).latency!
  for (let i = 0; i < trainings && slow.latency - fast > 0.01; i++) {
    const middle = (slow.latency + fast) / 2
    const top1 = await judge(middle, i + 2)
    if (top1 >= accuracy) slow = { latency: middle, top1 }
    else fast = middle
  }
  return slow
}
