import type { z } from 'zod'
import {
  calls,
  jobs,
  type CallName,
  type CallRequest,
  type CallResult,
  type JobEvent,
  type JobName,
  type JobRequest,
  type JobResult,
  type JobSummary,
} from '../contract'
import { fail, LupineError, toFailure, type Result } from '../core/failure'
import type { JobContext } from '../runs/job'
import { Jobs } from '../runs/jobs'
import { aboutProgram } from './about'
import { checkModel } from './check'
import { evaluateJob } from './evaluate'
import { finetuneJob, trainJob } from './finetune'
import { inspectModel } from './inspect'
import { newModel } from './new'
import type { Program } from './program'
import { profileJob } from './profile'
import { pruneModel } from './prune'
import { demoJob, resumeJob, runJob } from './run/start'
import { searchJob } from './search'

type Parsed<S extends { request: z.ZodType }> = z.output<S['request']>

type CallTable = { [N in CallName]: (request: Parsed<(typeof calls)[N]>) => Promise<CallResult<N>> }
type JobTable = { [N in JobName]: (request: Parsed<(typeof jobs)[N]>, job: JobContext) => Promise<JobResult<N>> }

/** Puts the program together. */
export function createProgram(): Program {
  const register = new Jobs()
  const table: CallTable = {
    'model.inspect': inspectModel,
    'model.check': checkModel,
    'model.prune': (request) => pruneModel(request),
    'model.new': newModel,
    'program.about': aboutProgram,
    'jobs.list': () => Promise.resolve(register.list()),
    'jobs.cancel': ({ job }) => act(() => register.get(job).cancel()),
    'jobs.pause': ({ job }) => act(() => register.get(job).pause()),
    'jobs.continue': ({ job }) => act(() => register.get(job).continue()),
  }
  const work: JobTable = {
    run: runJob,
    resume: resumeJob,
    demo: demoJob,
    prune: pruneModel,
    profile: profileJob,
    evaluate: evaluateJob,
    search: searchJob,
    finetune: finetuneJob,
    train: trainJob,
  }
  return {
    async call<N extends CallName>(name: N, request: CallRequest<N>): Promise<Result<CallResult<N>>> {
      try {
        const parsed = parse(calls[name].request, request, name) as Parsed<(typeof calls)[N]>
        return { ok: true, value: await table[name](parsed) }
      } catch (error) {
        if (process.env['LUPINE_DEBUG'] && !(error instanceof LupineError)) console.error(error)
        return { ok: false, failure: toFailure(error) }
      }
    },
    async start<N extends JobName>(name: N, request: JobRequest<N>): Promise<Result<JobSummary>> {
      try {
        const parsed = parse(jobs[name].request, request, name) as Parsed<(typeof jobs)[N]>
        return { ok: true, value: register.start(name, request, (job) => work[name](parsed, job)).summary }
      } catch (error) {
        return { ok: false, failure: toFailure(error) }
      }
    },
    subscribe: (job: string, from: number, listener: (event: JobEvent) => void) =>
      register.subscribe(job, from, listener),
    finished: <N extends JobName>(job: string) => register.finished(job) as Promise<Result<JobResult<N>>>,
    close: () => register.close(),
  }
}

/** @throws LupineError 'request-invalid' naming the field */
function parse(schema: z.ZodType, request: unknown, name: string): unknown {
  const parsed = schema.safeParse(request)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const field = issue?.path.join('.') || 'request'
  throw fail('usage', 'request-invalid', `${name}: ${field}: ${issue?.message}.`, 'See lupine --help.')
}

/** Does something that answers nothing; what it throws becomes the answer. */
async function act(what: () => void): Promise<Record<string, never>> {
  what()
  return {}
}
