import type { z } from 'zod'
import {
  calls,
  jobs,
  type Ask,
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
import { tidyUploads } from './files/uploads'
import { inspectModel } from './inspect'
import type { BoardStates } from './board-states'
import type { Program } from './program'
import type { Terminals } from './terminals'
import { createWindows, type WindowOptions } from './windows'

type Parsed<S extends { request: z.ZodType }> = z.output<S['request']>

type CallTable = { [N in CallName]: (request: Parsed<(typeof calls)[N]>) => Promise<CallResult<N>> }
type JobTable = { [N in JobName]: (request: Parsed<(typeof jobs)[N]>, job: JobContext) => Promise<JobResult<N>> }

export interface Ports {
  /** Whoever sits at a command line. */
  readonly ask?: Ask | undefined
  /** For doors with windows: what these may reach; their people are asked. */
  readonly windows?: WindowOptions | undefined
}

const parts = () => import('./projects/parts')

/** Puts the program together; what a topic needs is loaded with its first request, so that small ones answer at once. */
export function createProgram(ports: Ports = {}): Program {
  const windows = createWindows(ports.windows ?? { roots: [] }, () => register)
  if (ports.windows) void tidyUploads()
  const ask = ports.windows ? windows.questions.ask : ports.ask
  const register = new Jobs(ask)
  const project = async (id: string) => (await (await windows.projects()).folder(id)).files
  let states: Promise<BoardStates> | undefined
  const boards = () => (states ??= import('./board-states').then(({ BoardStates }) => new BoardStates(ask)))
  let terminals: Promise<Terminals> | undefined
  const theTerminals = () => (terminals ??= import('./terminals').then(({ Terminals }) => new Terminals(ask)))
  const table: CallTable = {
    'model.inspect': inspectModel,
    'model.check': async (request) => (await import('./check')).checkModel(request),
    'model.prune': async (request) => (await import('./prune')).pruneModel(request),
    'model.new': async (request) => (await import('./new')).newModel(request),
    'data.preview': async (request) => (await import('./data-preview')).previewDataset(request),
    'methods.list': async (request) => (await import('./methods')).listMethods(request),
    'recipes.list': async () => (await import('./published-recipes')).listRecipes(),
    'devices.list': async () => (await import('./devices')).listDevices(),
    'devices.forget': async (request) => (await import('./devices')).forgetSavedDevice(request, ask),
    'devices.state': async (request) => (await boards()).look(request),
    'program.diagnose': async (request) => (await import('./diagnose')).diagnoseProgram(request, register),
    'projects.report': async (request) => (await import('./report/report')).reportProject(request),
    'program.about': async () => (await import('./about')).aboutProgram(),
    'files.places': async () => (await windows.files()).places(),
    'files.list': async (request) =>
      (await import('./files/listing')).listFolder((await windows.files()).registry, request),
    'files.find': async (request) => (await windows.files()).find(request),
    'files.new': async (request) => (await windows.files()).new(request),
    'files.pick': async (request) => (await windows.files()).pick(request),
    'files.copy': async (request) => (await windows.files()).copy(request),
    'files.reveal': async (request) => (await windows.files()).reveal(request),
    'projects.recent': async () => (await windows.projects()).recent(),
    'projects.open': async (request) => (await windows.projects()).open(request.project),
    'projects.forget': async (request) => (await windows.projects()).forget(request.project),
    'projects.plan': async (request) => (await parts()).planOf(await project(request.project)),
    'projects.taken': async (request) => (await windows.projects()).taken(request.project),
    'projects.result': async (request) => (await parts()).resultOf(await project(request.project)),
    'projects.candidates': async (request) => (await parts()).candidatesOf(await project(request.project), request),
    'projects.table': async (request) => (await parts()).tableOf(await project(request.project)),
    'projects.measurements': async (request) => (await parts()).measurementsOf(await project(request.project)),
    'projects.measurement': async (request) =>
      (await parts()).measurementOf(await project(request.project), request.name),
    'projects.provenance': async (request) => (await parts()).provenanceOf(await project(request.project)),
    'jobs.list': () => Promise.all(register.list().map(named)),
    'jobs.cancel': ({ job }) => act(() => register.get(job).cancel()),
    'jobs.pause': ({ job }) => act(() => register.get(job).pause()),
    'jobs.conclude': ({ job }) => act(() => register.get(job).conclude()),
    'jobs.continue': ({ job }) => act(() => register.get(job).continue()),
  }
  const work: JobTable = {
    run: async (request, job) => (await import('./run/start')).runJob(request, job),
    resume: async (request, job) => (await import('./run/start')).resumeJob(request, job),
    demo: async (request, job) => (await import('./run/start')).demoJob(request, job),
    prune: async (request, job) => (await import('./prune')).pruneModel(request, job),
    profile: async (request, job) => (await import('./profile')).profileJob(request, job),
    staircase: async (request, job) => (await import('./staircase')).staircaseJob(request, job),
    predict: async (request, job) => (await import('./predict')).predictJob(request, job),
    explain: async (request, job) => (await import('./explain')).explainJob(request, job),
    take: async (request, job) => (await import('./take')).takeJob(request, job),
    evaluate: async (request, job) => (await import('./evaluate')).evaluateJob(request, job),
    search: async (request, job) => (await import('./search')).searchJob(request, job),
    finetune: async (request, job) => (await import('./finetune')).finetuneJob(request, job),
    train: async (request, job) => (await import('./finetune')).trainJob(request, job),
  }
  /** With the id under which windows know the job's project. */
  const named = async (job: JobSummary): Promise<JobSummary> =>
    job.folder ? { ...job, project: await windows.projectOf(job.folder) } : job
  return {
    ...(ports.windows && { windows }),
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
    terminal: async (request, around) => (await theTerminals()).start(request, around),
    async close() {
      windows.close()
      await (await terminals)?.close()
      await (await states)?.close()
      await register.close()
    },
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
