import { ratioNoise } from '../latency/staircase'
import type { LatencyMeasurement, Widths } from '../ports'
import type { Archive, ArchiveEntry } from '../search/archive'
import { fits } from '../search/budget'
import { knapsack } from '../search/knapsack'
import { type Problem, repair } from '../search/repair'
import { encode, levelsNear } from '../search/space'
import type { Position } from '../search/wolf-moves'
import { quantile } from '../statistics/robust'
import type { Recorder } from './recording'

/** A plan of the archive that the device has measured. */
export interface Finalist {
  readonly entry: ArchiveEntry
  /** Latency ratio that was predicted before it was measured, without margin. */
  readonly predicted: number
  readonly measurement: LatencyMeasurement
}

/** A measurement's own error asks for at most this much reserve. */
const LARGEST_GUARD = 0.005

/**
 * The plans that meet the latency budget by measurement, fittest first: by more than the measurement's standard error
 * where any does, so that measuring again finds the same.
 */
export function meeting(finalists: readonly Finalist[], latency: number): Finalist[] {
  const within = (guard: (m: LatencyMeasurement) => number): Finalist[] =>
    finalists
      .filter(({ measurement }) => measurement.ratio + guard(measurement) <= latency)
      .sort((a, b) => a.entry.fitness - b.entry.fitness)
  const safely = within((measurement) => Math.min(LARGEST_GUARD, ratioNoise(measurement)))
  return safely.length > 0 ? safely : within(() => 0)
}

/** The first of `meeting`. */
export const fittest = (finalists: readonly Finalist[], latency: number): Finalist | undefined =>
  meeting(finalists, latency)[0]

/** Measures the best plans that fit the problem, have not been measured, and would beat the best that has. */
export async function measureFinalists(
  problem: Problem,
  archive: Archive,
  known: readonly Finalist[],
  count: number,
  recorder: Recorder,
  predict: (widths: Widths) => number,
  onMeasured: (finalist: Finalist, done: number, total: number) => void,
): Promise<Finalist[]> {
  const measured = new Set(known.map(({ entry }) => entry.key))
  const toBeat = fittest(known, problem.budget.latency!)?.entry.fitness ?? Infinity
  const best = archive
    .best(archive.evaluations)
    .filter(({ key, fitness, widths }) => {
      return !measured.has(key) && fitness < toBeat && fits(problem.costs, problem.budget, widths)
    })
    .slice(0, count)
  // Exact where a race had left an estimate.
  const scores = await recorder.evaluate(best.map(({ widths }) => widths))
  const chosen = best.map((entry, i) => ({ ...entry, fitness: scores[i]!.divergence }))
  const found: Finalist[] = []
  await recorder.measure(
    chosen.map((entry) => entry.widths),
    (measurement, i) => {
      found.push({ entry: chosen[i]!, predicted: predict(chosen[i]!.widths), measurement })
      onMeasured(found[i]!, i + 1, chosen.length)
    },
  )
  return found
}

/**
 * The margin that finalists' errors call for: an optimizer finds the predictor's errors, so chosen plans err more than
 * random ones did. May be negative, which gives back what the prediction was too careful about.
 * @param errors measured − predicted, each finalist predicted from all other plans
 */
export const correctedMargin = (errors: readonly number[], margin: number): number =>
  errors.length === 0 ? margin : quantile(errors, 0.75)

/** When nothing met the budget: beyond the worst error of the finalists. */
export const strictMargin = (errors: readonly number[], margin: number): number => Math.max(margin, ...errors) + 0.01

/**
 * Where a search under a new margin starts: the best so far, repaired to it, and the knapsack's plan.
 * @param seeding whether sensitivities may seed it: without, there is no knapsack's plan
 */
export function elites(problem: Problem, archive: Archive, count: number, seeding: boolean): Position[] {
  const { space } = problem
  const levels = seeding ? [knapsack(problem)] : []
  for (const { widths } of archive.best(count - 1)) levels.push(repair(problem, levelsNear(space, widths)))
  return levels.map((own) => encode(space, own))
}
