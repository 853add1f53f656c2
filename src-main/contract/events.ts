import { z } from 'zod'
import { failureSchema } from './failure'
import { fileId } from './files'

/** What a job's event log holds, one JSON line each; `n` counts from 0 so that a client can ask for events from n. */
const common = { n: z.number().int(), job: z.string(), time: z.string().describe('ISO 8601') }

export const jobEvent = z.discriminatedUnion('type', [
  z.object({ ...common, type: z.literal('started'), kind: z.string(), request: z.unknown() }),
  z.object({
    ...common,
    type: z.literal('stage'),
    stage: z.string(),
    title: z.string(),
    index: z.number(),
    of: z.number(),
  }),
  z.object({
    ...common,
    type: z.literal('progress'),
    stage: z.string(),
    done: z.number(),
    total: z.number(),
    secondsLeft: z.number().optional(),
    detail: z.string().optional(),
    data: z.unknown().optional(),
  }),
  z.object({ ...common, type: z.literal('note'), level: z.enum(['info', 'warning']), text: z.string() }),
  z.object({ ...common, type: z.literal('paused') }),
  z.object({ ...common, type: z.literal('continued') }),
  z.object({ ...common, type: z.literal('finished'), result: z.unknown() }),
  z.object({ ...common, type: z.literal('failed'), failure: failureSchema }),
])
export type JobEvent = z.infer<typeof jobEvent>

export const jobState = z.enum(['running', 'paused', 'finished', 'failed', 'cancelled'])

export const jobSummary = z.object({
  id: z.string(),
  kind: z.string(),
  folder: z.string(),
  state: jobState,
  /** Number of events so far. */
  events: z.number().int(),
  startedAt: z.string(),
  /** The project it works on, once there is one. */
  project: fileId.optional(),
  /** Another process's, known from its project's events: it can be watched, not commanded. */
  elsewhere: z.boolean().optional(),
})
export type JobSummary = z.infer<typeof jobSummary>
