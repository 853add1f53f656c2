import { isLive, type JobView } from '../../stores/job-view'
import { timeLeft } from '../../format'

/** What states are called, everywhere. */
export const stateWords: Readonly<Record<JobView['state'], string>> = {
  running: 'running',
  paused: 'paused',
  finished: 'finished',
  failed: 'failed',
  cancelled: 'interrupted',
  gone: 'ended without a word',
}

/** Where there is little room; the full title is told beside it. */
const shortStages: Readonly<Record<string, string>> = {
  import: 'Import',
  latency: 'Latency table',
  sensitivity: 'Sensitivities',
  goal: 'Goal',
  search: 'Search',
  choose: 'Front',
  refine: 'Refine',
  method: 'Method',
  finetune: 'Fine-tune',
  export: 'Export',
  verify: 'Verify',
}
export const shortStage = ({ name, title }: { name: string; title: string }): string => shortStages[name] ?? title

/** Whole percents of the current stage; undefined while it has not said. */
export function percentDone(job: JobView): number | undefined {
  const { progress } = job
  return progress && progress.total > 0
    ? Math.floor((Math.min(progress.done, progress.total) / progress.total) * 100)
    : undefined
}

const currentTitle = (job: JobView): string | undefined => job.stages.find((stage) => stage.state === 'current')?.title

/** "Search the ratios 53 % · 11 min left" for the status bar. */
export function shortState(job: JobView): string {
  if (!isLive(job)) return `${job.kind}: ${stateWords[job.state]}`
  const title = currentTitle(job) ?? job.kind
  const done = percentDone(job)
  const left = job.progress?.secondsLeft
  const head = done === undefined ? title : `${title} ${done} %`
  if (job.state === 'paused') return `${head} · paused`
  return left === undefined ? head : `${head} · ${timeLeft(left)}`
}

export function titleOf(job: JobView | undefined): string {
  if (!job) return 'Lupine'
  if (!isLive(job)) return `${stateWords[job.state]} – Lupine`
  const done = percentDone(job)
  return `${done === undefined ? '' : `${done} % `}${currentTitle(job) ?? job.kind} – Lupine`
}

/** What a screen reader hears: stages and the end, not every per cent. */
export function announcement(job: JobView): string {
  const at = job.stages.findIndex((stage) => stage.state === 'current')
  if (!isLive(job)) return `Run ${stateWords[job.state]}`
  const stage = at < 0 ? 'Run started' : `Stage ${at + 1} of ${job.stages.length}: ${job.stages[at]?.title ?? ''}`
  return job.state === 'paused' ? `${stage}, paused` : stage
}
