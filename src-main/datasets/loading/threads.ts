import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { fail } from '../../core/failure'
import { threadEntry } from './entry'
import type { Filled, ToThread } from './messages'

interface Job {
  readonly resolve: (filled: Filled) => void
  readonly reject: (error: unknown) => void
}

/**
 * For files. Decoding uses libuv's pool, one for all threads; a thread of ours lays out what four cores decode, and
 * gets no more of a busy machine than any other: so one for two cores, and two at least.
 */
const most = Math.min(4, Math.max(2, Math.ceil(availableParallelism() / 2)))

/** Threads that read images for the one that feeds an engine. They start when first needed; `close` ends them. */
export class LoaderThreads {
  private readonly workers: Worker[] = []
  private readonly jobs = new Map<number, Job>()
  private next = 0
  private broken: unknown

  /** Starts what is missing of `wanted` threads. @returns how many a source of that kind uses */
  use(kind: 'rows' | 'files'): number {
    const wanted = kind === 'files' ? most : 1
    while (this.workers.length < wanted) this.workers.push(this.start())
    return wanted
  }

  /** A number for a new source or job. */
  number(): number {
    return ++this.next
  }

  send(thread: number, message: ToThread): void {
    this.workers[thread]!.postMessage(message)
  }

  /** @throws LupineError 'loader-failed' when the thread ended or has a defect */
  fill(thread: number, message: Extract<ToThread, { type: 'fill' }>): Promise<Filled> {
    if (this.broken) return Promise.reject(this.broken as Error)
    return new Promise((resolve, reject) => {
      this.jobs.set(message.job, { resolve, reject })
      this.send(thread, message)
    })
  }

  /** Lets the threads finish what they are at, and ends them. */
  async close(): Promise<void> {
    const gone = this.workers.map((worker) => new Promise((resolve) => worker.once('exit', resolve)))
    this.workers.forEach((_, thread) => this.send(thread, { type: 'end' }))
    await Promise.all(gone)
  }

  private start(): Worker {
    // Thrice libuv's pool: while some are decoded, the files of others are read.
    const atOnce = Math.ceil((3 * (availableParallelism() + 2)) / most)
    const worker = new Worker(threadEntry(), { workerData: { atOnce } })
    worker.on('message', (filled: Filled) => {
      const job = this.jobs.get(filled.job)
      this.jobs.delete(filled.job)
      if (filled.error) job?.reject(failed(filled.error))
      else job?.resolve(filled)
    })
    worker.on('error', (error) => this.end(error))
    worker.on('exit', () => this.end(new Error('a loader thread ended')))
    return worker
  }

  private end(error: unknown): void {
    this.broken ??= failed(String((error as Error).message ?? error), error)
    for (const { reject } of this.jobs.values()) reject(this.broken)
    this.jobs.clear()
  }
}

const failed = (what: string, cause?: unknown) =>
  fail(
    'work',
    'loader-failed',
    `Reading images failed: ${what}`,
    'Run npm install, and npm run build, if packages or files are missing; else this is a defect in Lupine, report it.',
    cause,
  )
