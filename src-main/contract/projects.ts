import { z } from 'zod'
import { fileEntry, fileId } from './files'
import { runResult } from './run'
import { takenFigures } from './take'

/**
 * A run's folder as windows see it. Opening changes nothing in it and locks nothing: one process writes (`resume`, or the
 * run that is going on), everybody else watches. The events of whoever writes, this program or another one, are those of
 * a job as all others are: `subscribe` to `job`, also found in `jobs.list` under the project's id.
 */
const project = z.object({ project: fileId })

export const projectState = z
  .enum(['running', 'paused', 'finished', 'failed', 'interrupted', 'gone'])
  .describe("'interrupted': resume goes on; 'gone': the folder is not there (any more)")

const summary = {
  project: fileEntry,
  kind: z.string().describe('run | demo'),
  created: z.string().describe('ISO 8601'),
}

export const projectsRecent = {
  request: z.object({}),
  result: z.object({
    projects: z.array(z.object({ project: fileEntry, opened: z.string().describe('ISO 8601'), there: z.boolean() })),
  }),
}

export const projectOpen = {
  request: project,
  result: z.object({
    ...summary,
    version: z.number().describe("of the folder's layout"),
    request: z.unknown().describe('what the run was asked for; its paths are for reading, not for requests'),
    settings: z.unknown(),
    state: projectState,
    writer: z
      .object({ here: z.boolean().describe('this program'), pid: z.number() })
      .nullable()
      .describe('who works on it now; null: nobody'),
    job: z.string().nullable().describe('the last job, to be followed; null: it left no events'),
    files: z
      .object({
        original: fileEntry.optional(),
        given: fileEntry.optional(),
        model: fileEntry.optional().describe('the result'),
        plan: fileEntry.optional(),
      })
      .describe('what is there of it'),
    parts: z.array(z.string()).describe('files and folders that are there, by name'),
  }),
}

export const projectForget = { request: project, result: z.object({}) }

/** plan.json as it is, null before there is one. */
export const projectPlan = {
  request: project,
  result: z.object({
    plan: z
      .object({
        model: z.object({ sha256: z.string() }),
        groups: z.array(z.looseObject({ id: z.string(), keep: z.array(z.number()) })),
        removedBranches: z.array(z.looseObject({ id: z.string() })).default([]),
      })
      .nullable(),
  }),
}

/** Plans that were taken from the run's search (`take`), the first one first. */
export const projectTaken = {
  request: project,
  result: z.object({
    taken: z.array(takenFigures.extend({ plan: fileEntry, model: fileEntry.describe('its network') })),
  }),
}

/** What the run came to; null unless it has finished. */
export const projectResult = { request: project, result: z.object({ result: runResult.nullable() }) }

const measured = z.object({ ratio: z.number(), median: z.number(), mad: z.number(), samples: z.number() })
const score = z.object({
  divergence: z.number(),
  top1: z.number().optional(),
  estimated: z.boolean().optional().describe('lost its race on few images: a bound, no score'),
})

export const projectCandidate = z.object({
  plan: z
    .record(z.string(), z.number())
    .describe('channels kept per group; groups that are whole are absent; 0 = removed'),
  score: score.optional().describe('without training; images seen in training'),
  latency: measured.optional().describe('of the whole network, over the original'),
  refined: score.optional().describe('after a short fine-tuning'),
})
export type ProjectCandidate = z.infer<typeof projectCandidate>

/** The journal's plans, in the order in which they were first met. */
export const projectCandidates = {
  request: z.object({
    project: fileId,
    from: z.number().int().nonnegative().default(0),
    most: z.number().int().positive().max(5000).default(1000),
  }),
  result: z.object({ candidates: z.array(projectCandidate), total: z.number() }),
}

/** latency-table.json: what every width costs (core/latency/table.ts); null before there is one. */
export const projectTable = {
  request: project,
  result: z.object({
    table: z
      .object({
        groups: z.array(
          z.object({
            id: z.string(),
            channels: z.number(),
            signature: z.string().describe('the key into staircases'),
            removable: z.boolean(),
            branch: z.string().optional(),
          }),
        ),
        staircases: z.record(
          z.string(),
          z.object({
            channels: z.number(),
            points: z.array(
              z.object({
                kept: z.number(),
                ratio: z.number(),
                noise: z.number(),
                level: z.number().optional().describe('averaged over its tread'),
              }),
            ),
            steps: z.array(z.object({ from: z.number(), to: z.number(), drop: z.number() })),
          }),
        ),
        removals: z.record(z.string(), z.number()),
      })
      .nullable(),
  }),
}

/** The raw samples that were kept, by name; `projects.measurement` gives one. */
export const projectMeasurements = {
  request: project,
  result: z.object({
    measurements: z.array(z.object({ name: z.string(), bytes: z.number(), modified: z.string() })),
  }),
}
export const projectMeasurement = {
  request: z.object({ project: fileId, name: z.string().min(1).max(255) }),
  result: z.object({
    measurement: z
      .unknown()
      .describe(
        'device, models (widths or names), processes[{samples: ms per model}], state, discarded; layers.json: times per layer',
      ),
  }),
}

/** provenance.json: versions, seeds, device state, hash of every file; null before there is one. */
export const projectProvenance = {
  request: project,
  result: z.object({
    provenance: z.record(z.string(), z.unknown()).nullable(),
    changed: z.array(z.string()).describe('files that are not what provenance says, or not there'),
  }),
}
