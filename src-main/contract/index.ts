import { z } from 'zod'
import { previewData } from './data'
import { devicesForget, devicesList, devicesState } from './devices'
import { diagnose } from './diagnose'
import { jobSummary } from './events'
import { explain } from './explain'
import { fileCopy, fileFind, fileList, fileNew, filePick, filePlaces, fileReveal } from './files'
import { predict, staircase } from './latency'
import { check, create, inspect, methods, prune } from './model'
import {
  projectCandidates,
  projectForget,
  projectMeasurement,
  projectMeasurements,
  projectOpen,
  projectPlan,
  projectProvenance,
  projectResult,
  projectsRecent,
  projectTable,
  projectTaken,
} from './projects'
import { engineName, outPath, projectFolder, seed } from './options'
import { recipes } from './recipes'
import { report } from './report'
import { runRequest, runResult } from './run'
import { take } from './take'
import { evaluate, finetune, profile, search } from './work'

export * from './ask'
export * from './events'
export * from './failure'
export * from './files'
export * from './options'
export * from './projects'
export * from './run'
export * from './terminal'
export type { DeviceKey } from './device-key'

const job = z.object({ job: z.string() })

/**
 * Answered at once. `jobs.*` are how a door reaches a running job; a job belongs to the program, so a client may
 * vanish, come back and ask for events from number n (`subscribe` in Program).
 */
export const calls = {
  'model.inspect': inspect,
  'model.check': check,
  'model.prune': prune,
  'model.new': create,
  'data.preview': previewData,
  'methods.list': methods,
  'recipes.list': recipes,
  'devices.list': devicesList,
  'devices.forget': devicesForget,
  'devices.state': devicesState,
  'files.places': filePlaces,
  'files.list': fileList,
  'files.find': fileFind,
  'files.new': fileNew,
  'files.pick': filePick,
  'files.copy': fileCopy,
  'files.reveal': fileReveal,
  'projects.recent': projectsRecent,
  'projects.open': projectOpen,
  'projects.forget': projectForget,
  'projects.plan': projectPlan,
  'projects.result': projectResult,
  'projects.taken': projectTaken,
  'projects.candidates': projectCandidates,
  'projects.table': projectTable,
  'projects.measurements': projectMeasurements,
  'projects.measurement': projectMeasurement,
  'projects.provenance': projectProvenance,
  'projects.report': report,
  'jobs.list': { request: z.object({}), result: z.array(jobSummary) },
  'jobs.cancel': { request: job, result: z.object({}) },
  'jobs.pause': { request: job, result: z.object({}) },
  'jobs.continue': { request: job, result: z.object({}) },
  /** The training at hand ends after its epoch and the best epoch is kept; what comes after it is done as ever. */
  'jobs.conclude': { request: job, result: z.object({}) },
  'program.diagnose': diagnose,
  'program.about': {
    request: z.object({}),
    result: z.object({ version: z.string(), engine: z.string(), engineNote: z.string(), node: z.string() }),
  },
} as const

/** Started as jobs: `start` answers with the job's id, progress comes as events, the result in `finished`. */
export const jobs = {
  run: { request: runRequest, result: runResult },
  resume: { request: z.object({ dir: projectFolder }), result: runResult },
  demo: {
    request: z.object({
      out: outPath.optional(),
      engine: engineName.optional(),
      seed: seed.default(0),
    }),
    result: runResult,
  },
  /** As the call, with progress: criteria that look at data take a while. */
  prune,
  profile,
  staircase,
  predict,
  evaluate,
  search,
  finetune,
  train: finetune,
  explain,
  take,
} as const

export type CallName = keyof typeof calls
export type CallRequest<N extends CallName> = z.input<(typeof calls)[N]['request']>
export type CallResult<N extends CallName> = z.infer<(typeof calls)[N]['result']>
export type JobName = keyof typeof jobs
export type JobRequest<N extends JobName> = z.input<(typeof jobs)[N]['request']>
export type JobResult<N extends JobName> = z.infer<(typeof jobs)[N]['result']>
