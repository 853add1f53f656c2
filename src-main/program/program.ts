import type { Failure, Result } from '../core/failure'
import type {
  CallName,
  CallRequest,
  CallResult,
  JobEvent,
  JobName,
  JobRequest,
  JobResult,
  JobSummary,
} from '../contract'

/** The program as its doors see it. Requests are validated here; expected failures come back as values. */
export interface Program {
  call<N extends CallName>(name: N, request: CallRequest<N>): Promise<Result<CallResult<N>>>
  /** Starts a job; it goes on whether or not anyone listens. */
  start<N extends JobName>(name: N, request: JobRequest<N>): Promise<Result<JobSummary>>
  /** Events of a job from number `from` on, past ones first, then live ones; returns the unsubscribe function. */
  subscribe(job: string, from: number, listener: (event: JobEvent) => void): () => void
  /** Resolves when the job has ended. */
  finished<N extends JobName>(job: string): Promise<Result<JobResult<N>>>
  /** Interrupts every job (resumable), stops every process. */
  close(): Promise<void>
}

export type { Failure }
