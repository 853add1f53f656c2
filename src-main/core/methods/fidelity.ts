import type { Score, Widths } from '../ports'
import { spearman } from '../statistics/ranks'
import type { Fidelity, ProxyCheck } from './pruner-types'

/** Rank correlation of pairs of scores of the same plans. */
export function proxyCheck(pairs: readonly (readonly [number, number])[]): ProxyCheck {
  if (pairs.length < 3) return { plans: pairs.length, spearman: null }
  const value = spearman(
    pairs.map(([cheap]) => cheap),
    pairs.map(([, dear]) => dear),
  )
  // All alike: nothing to rank.
  return { plans: pairs.length, spearman: Number.isNaN(value) ? null : value }
}

/** A plan with its score after a short fine-tuning. */
export interface RefinedPlan {
  readonly widths: Widths
  readonly fitness: number
  readonly refined: Score
}

/** What training left of the order that the cheaper scores had put the plans in. */
export function refinedCheck(
  plans: readonly RefinedPlan[],
  scoreOf: (widths: Widths) => Score | undefined,
): Fidelity['refined'] {
  const few = plans.flatMap(({ widths, refined }) => {
    const own = scoreOf(widths)?.few
    return own ? [[mean(own), refined.divergence] as const] : []
  })
  return {
    fitness: proxyCheck(plans.map(({ fitness, refined }) => [fitness, refined.divergence])),
    fewImages: proxyCheck(few),
  }
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** Scores on a few images against those on all; what lost its race has no score on all. */
export function fewImagesCheck(scores: readonly Score[]): ProxyCheck & { dropped: number } {
  const pairs = scores.flatMap(({ few, divergence, estimated }) =>
    few && !estimated ? [[mean(few), divergence] as const] : [],
  )
  return { ...proxyCheck(pairs), dropped: scores.filter(({ estimated }) => estimated).length }
}
