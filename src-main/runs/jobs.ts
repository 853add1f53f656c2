import { randomBytes } from 'node:crypto'
import { fail, type Result } from '../core/failure'
import type { Ask, JobEvent, JobSummary } from '../contract'
import { Job, type JobContext } from './job'

/** Every job of this program, by id. */
export class Jobs {
  private readonly jobs = new Map<string, { job: Job; ended: Promise<Result<unknown>> }>()

  /** @param ask where a job's questions go; absent: there is nobody to ask */
  constructor(private readonly ask?: Ask) {}

  /** Starts work as a job; it goes on whether or not anyone listens. */
  start<T>(kind: string, request: unknown, work: (context: JobContext) => Promise<T>): Job {
    const job = new Job(randomBytes(6).toString('hex'), kind, this.ask)
    // The id is known to the caller before the first event.
    const ended = Promise.resolve().then(() => job.run(request, work))
    this.jobs.set(job.id, { job, ended })
    return job
  }

  list(): JobSummary[] {
    return [...this.jobs.values()].map(({ job }) => job.summary)
  }

  /** @throws LupineError 'job-unknown' */
  get(id: string): Job {
    return this.entry(id).job
  }

  subscribe(id: string, from: number, listener: (event: JobEvent) => void): () => void {
    return this.entry(id).job.log.subscribe(from, listener)
  }

  /** The outcome, once the job has ended. */
  finished(id: string): Promise<Result<unknown>> {
    return this.entry(id).ended
  }

  /** Cancels all and waits until they have ended. */
  async close(): Promise<void> {
    for (const { job } of this.jobs.values()) if (job.state === 'running' || job.state === 'paused') job.cancel()
    await Promise.all([...this.jobs.values()].map(({ ended }) => ended))
  }

  private entry(id: string) {
    const entry = this.jobs.get(id)
    if (!entry)
      throw fail('usage', 'job-unknown', `There is no job ${id}.`, 'Jobs live as long as the program; see jobs.list.')
    return entry
  }
}
