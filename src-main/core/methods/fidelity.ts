import type { Score } from '../ports'
import { spearman } from '../statistics/ranks'
import type { ProxyCheck } from './pruner-types'

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

/** Scores on a few images against those on all; what lost its race has no score on all. */
export function fewImagesCheck(scores: readonly Score[]): ProxyCheck & { dropped: number } {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
  const pairs = scores.flatMap(({ few, divergence, estimated }) =>
    few && !estimated ? [[mean(few), divergence] as const] : [],
  )
  return { ...proxyCheck(pairs), dropped: scores.filter(({ estimated }) => estimated).length }
}
