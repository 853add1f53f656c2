import { shallowRef, type ShallowRef } from 'vue'
import { admitted, type AddressUse } from '../client/addresses'
import type { JobName, JobRequest, JobSummary } from '../../src-main/contract'
import type { Failure } from '../../src-main/core/failure'
import { useFiles } from './files'
import { useJobs } from './jobs'

export interface Started<R> {
  readonly job: JobSummary
  /** As it was sent. */
  readonly request: R
}

export interface Starting {
  /** Why the last start came to nothing. */
  readonly failure: ShallowRef<Failure | undefined>
  start<N extends JobName>(
    name: N,
    request: JobRequest<N>,
    uses: Readonly<Partial<Record<keyof JobRequest<N>, AddressUse>>>,
  ): Promise<Started<JobRequest<N>> | undefined>
}

/** Starts jobs from what was typed and picked: paths become ids, and ids of a program that has ended since are renewed. */
export function useStarting(): Starting {
  const files = useFiles()
  const jobs = useJobs()
  const failure = shallowRef<Failure>()

  return {
    failure,
    async start(name, request, uses) {
      const attempt = async (wanted: typeof request): Promise<Started<JobRequest<typeof name>> | undefined> => {
        const ready = await admitted(files, wanted, uses)
        const job = ready.ok ? await jobs.start(name, ready.value) : undefined
        failure.value = ready.ok ? jobs.failure : ready.failure
        return job && ready.ok ? { job, request: ready.value } : undefined
      }
      const started = await attempt(request)
      if (started || failure.value?.code !== 'file-unknown') return started
      const shown = Object.entries(request).map(([field, value]) =>
        field in uses && typeof value === 'string' ? [field, files.shown(value)] : [field, value],
      )
      return attempt(Object.fromEntries(shown) as typeof request)
    },
  }
}
