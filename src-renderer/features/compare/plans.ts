import { jobs as contract, type CallResult, type FileEntry, type JobResult } from '../../../src-main/contract'
import type { Failure } from '../../../src-main/core/failure'
import { isLive, type JobView } from '../../stores/job-view'
import { takenOf } from '../search/taken'

/** A candidate that was taken as a network of its own, beside the run's result; what has been asked about it so far. */
export interface TakenPlan {
  readonly name: string
  /** Of its network. */
  readonly path: string
  readonly macs: number
  readonly params: number
  readonly bytes?: number | undefined
  /** On the test split, without fine-tuning. */
  readonly accuracy?: Pick<JobResult<'evaluate'>, 'top1' | 'images'> | undefined
  readonly latency?: Pick<JobResult<'profile'>, 'median' | 'mad'> | undefined
  /** A measurement or an evaluation of it is going on. */
  readonly isAsked: boolean
  /** Why the last of them came to nothing. */
  readonly failure?: Failure | undefined
}

const field = (job: JobView, name: string): unknown => (job.request as Record<string, unknown> | undefined)?.[name]

/** As the project keeps it. */
export type KeptPlan = CallResult<'projects.taken'>['taken'][number]

/**
 * The plans taken from a run, in the order in which they were taken, each once.
 * @param folder of the run
 * @param kept those that the project tells of: taken before this program was started, too
 * @param entryOf a plan's network as windows name it, once that is known: jobs tell ids or paths
 */
export function plansOf(
  jobs: readonly JobView[],
  folder: string,
  entryOf: (path: string) => FileEntry | undefined,
  kept: readonly KeptPlan[] = [],
): TakenPlan[] {
  const ofProject = kept.map(({ model, macs, params }) => ({ path: model.path, entry: model, macs, params }))
  const ofSession = jobs.flatMap((job) => {
    const taken = job.kind === 'take' ? takenOf(job) : undefined
    if (!taken?.model.startsWith(folder)) return []
    return [{ path: taken.model, entry: entryOf(taken.model), macs: taken.macs, params: taken.params }]
  })
  const plans = new Map<string, TakenPlan>()
  for (const { path, entry, macs, params } of [...ofProject, ...ofSession]) {
    if (plans.has(path)) continue
    const about = jobs.filter((one) => [path, entry?.id].includes(field(one, 'model') as string))
    const evaluations = about.filter(({ kind }) => kind === 'evaluate')
    const last = about.at(-1)
    plans.set(path, {
      ...{ name: nameOf(path), path, macs: macs.after, params: params.after, bytes: entry?.bytes },
      accuracy: lastOf(evaluations, contract.evaluate.result),
      latency: lastOf(
        about.filter(({ kind }) => kind === 'profile'),
        contract.profile.result,
      ),
      isAsked: about.some(isLive),
      failure: last?.failure,
    })
  }
  return [...plans.values()]
}

const nameOf = (path: string): string =>
  path
    .split(/[\\/]/)
    .at(-1)!
    .replace(/\.onnx$/, '')

interface Schema<T> {
  safeParse(value: unknown): { success: true; data: T } | { success: false }
}

function lastOf<T>(jobs: readonly JobView[], schema: Schema<T>): T | undefined {
  const parsed = schema.safeParse(jobs.findLast(({ state }) => state === 'finished')?.output)
  return parsed.success ? parsed.data : undefined
}
