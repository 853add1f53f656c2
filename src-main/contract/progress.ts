import { z } from 'zod'

/**
 * What a stage may put into a progress event's `data` for a live view to draw. Everything is optional: a view shows
 * what is there, and a stage may send more than is written here. A field of the wrong shape counts as absent, so that
 * one odd figure doesn't take the others with it.
 */
const figure = z.number().finite().optional().catch(undefined)
const flag = z.boolean().optional().catch(undefined)

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

/** A coupled group that the search moves. Groups of one signature have the same shapes and share a staircase. */
const group = z.object({ id: z.string(), channels: z.number().int().positive(), signature: z.string() })
export type SearchGroup = z.infer<typeof group>

/** A measured width of a group: `ratio` is the network's latency with this group alone at it, over the original's. */
const stair = z.object({ kept: z.number(), ratio: z.number(), noise: z.number(), level: z.number().optional() })
export type Stair = z.infer<typeof stair>

/** An epoch of a training. */
const epoch = z.object({
  epoch: z.number(),
  loss: z.number(),
  top1: z.number(),
  lr: z.number(),
  imagesPerSecond: z.number(),
})
export type EpochFigures = z.infer<typeof epoch>

export const progressData = z.object({
  /** The candidate just scored or measured, and the method that made it. */
  ...candidate,
  method: z.string().optional().catch(undefined),
  /** Channels kept per group, in the order of `groups`; 0: the residual branch removed. */
  kept: z.array(z.number().int().nonnegative()).optional().catch(undefined),
  /** Where a measurement of it will lie, with 95 %. */
  low: figure,
  high: figure,
  /** On the fitness images, which may have been trained on. */
  top1: figure,
  /** It lost a race on few images: `fitness` is an estimate. */
  estimated: flag,
  /** Told once, before the first candidate. */
  groups: z.array(group).optional().catch(undefined),
  /** By signature. */
  staircases: z
    .record(z.string(), z.object({ points: z.array(stair) }))
    .optional()
    .catch(undefined),
  /** Plans that nobody chose, predicted before they were measured. */
  checks: z
    .array(z.object({ predicted: z.number(), measured: z.number() }))
    .optional()
    .catch(undefined),
  /** Latency that is kept in reserve of the budget. */
  margin: figure,
  /** The latency budget as a fraction of the original's. */
  budget: figure,
  /** Alpha, beta, delta. */
  leaders: z.array(candidateFigures).optional().catch(undefined),
  original: pairOfFigures.optional().catch(undefined),
  candidate: pairOfFigures.optional().catch(undefined),
  /** Of a training: the epoch that has just ended, and before that the mean loss of its steps so far. */
  epoch: epoch.optional().catch(undefined),
  step: z.object({ epoch: z.number(), done: z.number(), loss: z.number() }).optional().catch(undefined),
})
export type ProgressData = z.infer<typeof progressData>

/** The drawable part of an event's `data`; undefined when there is none. */
export function readProgressData(data: unknown): ProgressData | undefined {
  const parsed = progressData.safeParse(data)
  return parsed.success ? parsed.data : undefined
}
