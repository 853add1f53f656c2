import { threeDigits } from '../../format'
import type { BestPoint, CandidatePoint, SearchView } from '../../stores/search-view'

/** The charts in a sentence each, for those who don't see them. */
export function packSummary({ points, leaders, budget }: SearchView): string {
  const measured = points.filter((point) => point.measured).length
  const [alpha] = leaders
  return [
    `Scatter plot of ${points.length} candidates, latency against divergence`,
    measured > 0 ? `${measured} of them measured on the device` : 'latencies predicted',
    alpha &&
      `the leader is at ${threeDigits(alpha.latency)} of the original’s latency, divergence ${threeDigits(alpha.fitness)}`,
    budget !== undefined && `the budget is ${budget}`,
  ]
    .filter(Boolean)
    .join('; ')
}

export function convergenceSummary({ bests }: SearchView): string {
  const [first, last] = [bests[0], bests.at(-1)]
  if (!first || !last) return 'Line chart of the best divergence so far; empty yet'
  return `Line chart of the best divergence so far: from ${threeDigits(first.best)} to ${threeDigits(last.best)} in ${last.evaluation} evaluations`
}

/** Where the best got better: the corners of the staircase. */
export const improvements = (bests: readonly BestPoint[]): BestPoint[] =>
  bests.filter(({ best }, i) => i === 0 || best < (bests[i - 1]?.best ?? Infinity))

/** The best candidates, best first. */
export const bestCandidates = (points: readonly CandidatePoint[], most: number): CandidatePoint[] =>
  [...points].sort((a, b) => a.fitness - b.fitness).slice(0, most)
