import {
  runResult,
  stageNames,
  stagesOf,
  type JobEvent,
  type JobSummary,
  type RunResult,
} from '../../src-main/contract'
import {
  readProgressData,
  type EpochFigures,
  type PairOfFigures,
  type ProgressData,
} from '../../src-main/contract/progress'
import type { Failure } from '../../src-main/core/failure'
import { addSearchFigures, emptySearch, type SearchView } from './search-view'

export interface StageView {
  readonly name: string
  readonly title: string
  readonly state: 'waiting' | 'current' | 'done' | 'stopped'
  /** ISO 8601 */
  readonly since?: string
  readonly seconds?: number
}

export interface StageProgress {
  readonly stage: string
  readonly done: number
  readonly total: number
  readonly secondsLeft?: number
  readonly detail?: string
}

export interface LogLine {
  readonly n: number
  readonly time: string
  readonly level: 'info' | 'warning' | 'error'
  readonly text: string
}

/** A training as far as it has come. */
export interface TrainingView {
  readonly epochs: readonly EpochFigures[]
  /** The epoch that is going on: how much of it is done, and the mean loss so far. */
  readonly now?: { readonly epoch: number; readonly done: number; readonly loss: number }
  /** How many there are to be. */
  readonly total?: number
}

/** A job as the views show it: its events, folded. */
export interface JobView {
  readonly id: string
  readonly kind: string
  readonly folder: string
  /** The project it works on, as requests name it; the folder itself where windows may name paths. */
  readonly project?: string | undefined
  /** Another process's: it can be watched, not commanded. */
  readonly elsewhere?: boolean | undefined
  readonly startedAt: string
  /** What it was started with, as far as its first event has come. */
  readonly request?: unknown
  /** `gone`: the program that ran it has ended without saying so. */
  readonly state: JobSummary['state'] | 'gone'
  /** The number of the next event. */
  readonly next: number
  readonly stages: readonly StageView[]
  readonly progress?: StageProgress | undefined
  readonly search: SearchView
  readonly training: TrainingView
  readonly original?: PairOfFigures
  readonly candidate?: PairOfFigures
  readonly log: readonly LogLine[]
  readonly result?: RunResult
  /** What it came to, as the program sent it; of every kind of job. */
  readonly output?: unknown
  /** It has finished with a result that is not the contract's. */
  readonly resultUnreadable?: boolean
  readonly failure?: Failure
}

/** What the kinds of job that go through a run's stages are called. */
const runKinds = new Set(['run', 'resume', 'demo'])
export const isRun = (kind: string): boolean => runKinds.has(kind)

/** Whether it ended before its time and left a folder to go on with. */
export const isResumable = (job: JobView): boolean =>
  isRun(job.kind) &&
  ['cancelled', 'failed', 'gone'].includes(job.state) &&
  job.folder !== '' &&
  job.failure?.code !== 'project-gone'

export const isLive = (job: JobView): boolean => job.state === 'running' || job.state === 'paused'

const longestLog = 1000

export function emptyView({ id, kind, folder, startedAt, state, project, elsewhere }: JobSummary): JobView {
  // The usual ones; others come in where the program has them.
  const names = isRun(kind) ? stagesOf({ method: 'igwo' }) : []
  const stages = names.map((name) => ({ name, title: stageNames[name], state: 'waiting' as const }))
  const own = { id, kind, folder, project, elsewhere, startedAt, state }
  return { ...own, next: 0, stages, search: emptySearch, training: { epochs: [] }, log: [] }
}

/** The view after some more events. Batches are folded at once, since a replay brings thousands. */
export function foldEvents(view: JobView, events: readonly JobEvent[]): JobView {
  return events.reduce(foldEvent, view)
}

function foldEvent(before: JobView, event: JobEvent): JobView {
  const view = { ...before, next: event.n + 1 }
  switch (event.type) {
    case 'started':
      return { ...view, request: event.request, log: logged(view, event, 'info', `Started: ${event.kind}`) }
    case 'stage': {
      const text = `Stage ${event.index + 1} of ${event.of}: ${event.title}`
      return { ...view, stages: enterStage(view, event), progress: undefined, log: logged(view, event, 'info', text) }
    }
    case 'progress':
      return foldProgress(view, event)
    case 'note':
      return { ...view, log: logged(view, event, event.level, event.text) }
    case 'paused':
      return { ...view, state: 'paused', log: logged(view, event, 'info', 'Paused') }
    case 'continued':
      return { ...view, state: 'running', log: logged(view, event, 'info', 'Continued') }
    case 'finished':
      return finish({ ...view, log: logged(view, event, 'info', 'Finished') }, event)
    case 'failed': {
      const state = event.failure.kind === 'interrupted' ? 'cancelled' : 'failed'
      const log = logged(view, event, state === 'failed' ? 'error' : 'info', event.failure.message)
      return { ...view, state, stages: leaveStages(view, event.time, 'stopped'), failure: event.failure, log }
    }
  }
}

function foldProgress(view: JobView, event: Extract<JobEvent, { type: 'progress' }>): JobView {
  const { stage, done, total, secondsLeft, detail } = event
  const progress = { stage, done, total, ...(secondsLeft !== undefined && { secondsLeft }), ...(detail && { detail }) }
  const data = event.data === undefined ? undefined : readProgressData(event.data)
  if (!data) return { ...view, progress }
  return {
    ...view,
    progress,
    search: addSearchFigures(view.search, stage, total, data),
    training: addEpoch(view.training, event, data),
    ...(data.original && { original: merged(view.original, data.original) }),
    ...(data.candidate && { candidate: merged(view.candidate, data.candidate) }),
  }
}

/** What an interrupted training has been through already is told again when it goes on: the later word counts. */
function addEpoch(
  view: TrainingView,
  { done, total }: Extract<JobEvent, { type: 'progress' }>,
  { epoch, step }: ProgressData,
): TrainingView {
  if (step) {
    // Steps of all epochs together, of which this one's are a part.
    const epochs = step.done > 0 ? Math.round((total * (step.epoch - 1 + step.done)) / Math.max(done, 1)) : 0
    const before = view.epochs.filter((one) => one.epoch < step.epoch)
    const same = before.length === view.epochs.length
    return { epochs: same ? view.epochs : before, now: step, ...(epochs > 0 && { total: epochs }) }
  }
  if (!epoch) return view
  const epochs = [...view.epochs.filter((one) => one.epoch < epoch.epoch), epoch]
  return { epochs, total: Math.round((total * epoch.epoch) / Math.max(done, 1)) }
}

const merged = (old: PairOfFigures | undefined, next: PairOfFigures): PairOfFigures => ({
  top1: next.top1 ?? old?.top1,
  latency: next.latency ?? old?.latency,
})

function finish(view: JobView, event: Extract<JobEvent, { type: 'finished' }>): JobView {
  const ended = {
    ...view,
    state: 'finished' as const,
    output: event.result,
    stages: leaveStages(view, event.time, 'done'),
    progress: undefined,
  }
  const result = isRun(view.kind) ? runResult.safeParse(event.result) : undefined
  if (!result?.success) return { ...ended, ...(result && { resultUnreadable: true }) }
  const pair = (figures: RunResult['before']) => ({ top1: figures.top1, latency: figures.latency.median })
  return { ...ended, result: result.data, original: pair(result.data.before), candidate: pair(result.data.after) }
}

/** The stages, the current one ended at `time`. */
function leaveStages(view: JobView, time: string, state: 'done' | 'stopped'): StageView[] {
  return view.stages.map((stage) =>
    stage.state === 'current' ? { ...stage, state, ...secondsOf(stage, time) } : stage,
  )
}

function secondsOf(stage: StageView, until: string): { seconds?: number } {
  const seconds = (Date.parse(until) - Date.parse(stage.since ?? '')) / 1000
  return Number.isFinite(seconds) ? { seconds: Math.max(0, seconds) } : {}
}

function enterStage(view: JobView, event: Extract<JobEvent, { type: 'stage' }>): StageView[] {
  const entered = { name: event.stage, title: event.title, state: 'current' as const, since: event.time }
  const stages = leaveStages(view, event.time, 'done')
  const at = stages.findIndex((stage) => stage.name === event.stage)
  // One the page has not heard of goes where the program has it.
  if (at < 0) stages.splice(Math.min(event.index, stages.length), 0, entered)
  else stages[at] = entered
  return stages
}

function logged(view: JobView, event: JobEvent, level: LogLine['level'], text: string): LogLine[] {
  return [...view.log, { n: event.n, time: event.time, level, text }].slice(-longestLog)
}
