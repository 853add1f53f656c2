import { randomBytes } from 'node:crypto'
import { fail, type Result } from '../core/failure'
import type { Ask, JobEvent, JobSummary } from '../contract'
import type { ForeignJob } from './foreign-job'
import { Job, type JobContext } from './job'

/** Every job of this program, by id, and those of others that it watches. */
export class Jobs {
  private readonly jobs = new Map<string, { job: Job; ended: Promise<Result<unknown>> }>()
  private readonly foreign = new Map<string, ForeignJob>()

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

  has(id: string): boolean {
    return this.jobs.has(id)
  }

  /** A job of another process; the one it had before on the same project is forgotten. */
  watch(job: ForeignJob): void {
    this.unwatch(job.folder)
    this.foreign.set(job.id, job)
  }

  unwatch(folder: string): void {
    for (const [id, job] of this.foreign) if (job.folder === folder) this.foreign.delete(id)
  }

  list(): JobSummary[] {
    return [...this.jobs.values(), ...[...this.foreign.values()].map((job) => ({ job }))].map(({ job }) => job.summary)
  }

  /** @throws LupineError 'job-unknown', 'job-elsewhere' */
  get(id: string): Job {
    const entry = this.jobs.get(id)
    if (entry) return entry.job
    const foreign = this.foreign.get(id)
    if (!foreign) throw unknown(id)
    throw fail(
      'usage',
      'job-elsewhere',
      `This run belongs to another Lupine; here it can only be watched.`,
      'Stop it where it was started; then it can be resumed here.',
    )
  }

  subscribe(id: string, from: number, listener: (event: JobEvent) => void): () => void {
    const job = this.jobs.get(id)?.job ?? this.foreign.get(id)
    if (!job) throw unknown(id)
    return job.log.subscribe(from, listener)
  }

  /** The outcome, once the job has ended. */
  finished(id: string): Promise<Result<unknown>> {
    const entry = this.jobs.get(id)
    if (!entry) throw unknown(id)
    return entry.ended
  }

  /** Cancels all and waits until they have ended. */
  async close(): Promise<void> {
    for (const { job } of this.jobs.values()) if (job.state === 'running' || job.state === 'paused') job.cancel()
    await Promise.all([...this.jobs.values()].map(({ ended }) => ended))
  }
}

const unknown = (id: string) =>
  fail('usage', 'job-unknown', `There is no job ${id}.`, 'Jobs live as long as the program; see jobs.list.')
