import { z } from 'zod'

/**
 * What a stage may put into a progress event's `data` for a live view to draw. Everything is optional: a view shows
 * what is there, and a stage may send more than is written here. A field of the wrong shape counts as absent, so that
 * one odd figure doesn't take the others with it.
 */
const figure = z.number().finite().optional().catch(undefined)

/**
 * One candidate of the search. Latencies are fractions of the original's: `predicted` as predicted, `cost` the same with
 * the predictor's margin, `measured` by the device. `fitness` (divergence in nats): less is better.
 */
const candidate = { fitness: figure, predicted: figure, cost: figure, measured: figure }
export const candidateFigures = z.object(candidate)
export type CandidateFigures = z.infer<typeof candidateFigures>

/** A network's pair of numbers: accuracy as a fraction of 1, latency in ms. */
export const pairOfFigures = z.object({ top1: figure, latency: figure })
export type PairOfFigures = z.infer<typeof pairOfFigures>

export const progressData = z.object({
  /** The candidate just scored or measured, and the method that made it. */
  ...candidate,
  method: z.string().optional().catch(undefined),
  /** The latency budget as a fraction of the original's. */
  budget: figure,
  /** Alpha, beta, delta. */
  leaders: z.array(candidateFigures).optional().catch(undefined),
  original: pairOfFigures.optional().catch(undefined),
  candidate: pairOfFigures.optional().catch(undefined),
})
export type ProgressData = z.infer<typeof progressData>

/** The drawable part of an event's `data`; undefined when there is none. */
export function readProgressData(data: unknown): ProgressData | undefined {
  const parsed = progressData.safeParse(data)
  return parsed.success ? parsed.data : undefined
}
