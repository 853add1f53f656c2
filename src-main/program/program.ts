import type { Failure, Result } from '../core/failure'
import type {
  CallName,
  CallRequest,
  CallResult,
  FileEntry,
  JobEvent,
  JobName,
  JobRequest,
  JobResult,
  JobSummary,
  TerminalRequest,
} from '../contract'
import type { Questions } from './questions'
import type { TerminalLine } from './terminals'

/** A file as it comes from a browser. */
export interface Upload {
  readonly name: string
  /** Uploads of one batch lie side by side: a model and its external data. Of the client's choice. */
  readonly batch: string
  readonly body: AsyncIterable<Uint8Array>
}

/** What doors with windows need beyond a command line's: files by ids, and somebody to ask. */
export interface Windows {
  readonly questions: Questions
  /** A window's request with the paths of the files it picked. @throws LupineError as admit and checkProjectPaths */
  admit(kind: 'call' | 'start', name: string, request: unknown): Promise<unknown>
  /** A board's address with the path of the key's file in it. @throws LupineError as admit */
  admitDevice(device: string): Promise<string>
  /** An entry for what a person chose outside of the window: dropped, double-clicked. */
  grant(path: string): Promise<FileEntry>
  /** What an id stands for. @throws LupineError as FileRegistry.reach */
  reach(id: string): Promise<{ readonly path: string; readonly real: string }>
  /** @throws LupineError as takeUpload */
  upload(upload: Upload): Promise<FileEntry>
}

/** The program as its doors see it. Requests are validated here; expected failures come back as values. */
export interface Program {
  call<N extends CallName>(name: N, request: CallRequest<N>): Promise<Result<CallResult<N>>>
  /** Starts a job; it goes on whether or not anyone listens. */
  start<N extends JobName>(name: N, request: JobRequest<N>): Promise<Result<JobSummary>>
  /** Events of a job from number `from` on, past ones first, then live ones; returns the unsubscribe function. */
  subscribe(job: string, from: number, listener: (event: JobEvent) => void): () => void
  /** Resolves when the job has ended. */
  finished<N extends JobName>(job: string): Promise<Result<JobResult<N>>>
  /** A raw terminal on a board; it belongs to whoever opened it. @throws LupineError as openTerminalLine */
  terminal(request: TerminalRequest, around: TerminalAround): Promise<TerminalLine>
  /** What doors with windows use; absent in a program made for a command line, or without them. */
  readonly windows?: Windows | undefined
  /** Interrupts every job (resumable), stops every process. */
  close(): Promise<void>
}

export interface TerminalAround {
  readonly onData: (chunk: Buffer) => void
  /** Nobody wants it any more, before it is there. */
  readonly signal?: AbortSignal | undefined
}

export type { Failure, TerminalLine }
