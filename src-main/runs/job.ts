import { fail, LupineError, toFailure, type Failure, type Result } from '../core/failure'
import type { Ask, JobSummary } from '../contract'
import type { Cancellation, Progress } from '../core/ports'
import { EventLog } from './event-log'
import { Pace } from './progress'

export const interrupted = (folder?: string): Failure => ({
  kind: 'interrupted',
  code: 'interrupted',
  message: 'Interrupted.',
  hint: folder ? `Go on with: lupine resume ${folder}` : 'Start it again.',
})

/** What the work of a job may do with it. */
export interface JobContext extends Cancellation {
  readonly id: string
  /** Aborts when the job is cancelled. */
  readonly signal: AbortSignal
  /** Waits while the job is paused. @throws LupineError 'interrupted' once cancelled */
  gate(): Promise<void>
  stage(name: string, title: string, index: number, of: number): void
  progress(stage: string, progress: Progress): void
  note(level: 'info' | 'warning', text: string): void
  /** The project folder, once there is one: events are written there, and the way out names it. */
  useFolder(folder: string, eventsFile: string): void
  /** Asks the user; absent where there is nobody. */
  readonly ask?: Ask | undefined
  /** Called when the job is paused or goes on. */
  onPause(listener: (paused: boolean) => void): void
  /** Called when the training at hand is to end after its epoch; returns the function that stops listening. */
  onConclude(listener: () => void): () => void
  /** Ends the job because its ground is gone; it fails for this reason. */
  stop(failure: Failure): void
  /** Done when the job has ended, however it did. */
  atEnd(cleanUp: () => Promise<void>): void
}

/** One job: its state, its events, its switch. */
export class Job implements JobContext {
  readonly log: EventLog
  readonly startedAt = new Date().toISOString()
  readonly ask?: Ask | undefined
  state: JobSummary['state'] = 'running'
  private stopped: Failure | undefined
  private readonly abort = new AbortController()
  private folder = ''
  private resumeWaiters: (() => void)[] = []
  private readonly pauseListeners: ((paused: boolean) => void)[] = []
  private readonly concludeListeners = new Set<() => void>()
  private readonly paces = new Map<string, Pace>()
  private readonly cleanUps: (() => Promise<void>)[] = []

  constructor(
    readonly id: string,
    readonly kind: string,
    ask?: Ask,
  ) {
    this.log = new EventLog(id)
    // Nobody waits for the answer of a job that was cancelled.
    this.ask = ask && ((question) => ask(question, this.signal))
  }

  get signal(): AbortSignal {
    return this.abort.signal
  }

  get aborted(): boolean {
    return this.abort.signal.aborted
  }

  get summary(): JobSummary {
    const { id, kind, folder, state, startedAt } = this
    return { id, kind, folder, state, startedAt, events: this.log.length }
  }

  throwIfAborted(): void {
    if (this.aborted) throw new LupineError(interrupted(this.folder || undefined))
  }

  async gate(): Promise<void> {
    this.throwIfAborted()
    if (this.state === 'paused') await new Promise<void>((resolve) => this.resumeWaiters.push(resolve))
    this.throwIfAborted()
  }

  stage(name: string, title: string, index: number, of: number): void {
    this.log.append({ type: 'stage', stage: name, title, index, of })
  }

  progress(stage: string, progress: Progress): void {
    const pace = this.paces.get(stage) ?? new Pace()
    this.paces.set(stage, pace)
    const secondsLeft = pace.update(progress.done, progress.total, performance.now())
    this.log.append({ type: 'progress', stage, ...progress, ...(secondsLeft === undefined ? {} : { secondsLeft }) })
  }

  note(level: 'info' | 'warning', text: string): void {
    this.log.append({ type: 'note', level, text })
  }

  useFolder(folder: string, eventsFile: string): void {
    this.folder = folder
    this.log.attach(eventsFile)
  }

  onPause(listener: (paused: boolean) => void): void {
    this.pauseListeners.push(listener)
  }

  onConclude(listener: () => void): () => void {
    this.concludeListeners.add(listener)
    return () => this.concludeListeners.delete(listener)
  }

  atEnd(cleanUp: () => Promise<void>): void {
    this.cleanUps.push(cleanUp)
  }

  pause(): void {
    if (this.state !== 'running') return
    this.state = 'paused'
    this.log.append({ type: 'paused' })
    for (const listener of this.pauseListeners) listener(true)
  }

  continue(): void {
    if (this.state !== 'paused') return
    this.state = 'running'
    this.log.append({ type: 'continued' })
    for (const listener of this.pauseListeners) listener(false)
    for (const wake of this.resumeWaiters.splice(0)) wake()
  }

  /**
   * Ends the training at hand after its current epoch, keeping the best; the job then goes on.
   * @throws LupineError usage 'nothing-to-conclude'
   */
  conclude(): void {
    if (this.concludeListeners.size === 0 || this.state !== 'running')
      throw fail(
        'usage',
        'nothing-to-conclude',
        this.state === 'paused' ? 'The job is paused.' : 'This job is not training at the moment.',
        'Stop and keep works while a network is being fine-tuned.',
      )
    for (const listener of this.concludeListeners) listener()
    this.note('info', 'Asked to end after this epoch and to keep the best one.')
  }

  /** As `cancel`, for a reason other than that somebody wanted it. */
  stop(failure: Failure): void {
    this.stopped ??= failure
    this.cancel()
  }

  cancel(): void {
    this.abort.abort()
    for (const listener of this.pauseListeners) listener(false)
    for (const wake of this.resumeWaiters.splice(0)) wake()
  }

  /** Runs the work to its end; every outcome is a value and an event. */
  async run<T>(request: unknown, work: (context: JobContext) => Promise<T>): Promise<Result<T>> {
    this.log.append({ type: 'started', kind: this.kind, request })
    try {
      const value = await this.cleanedUp(work)
      this.state = 'finished'
      this.log.append({ type: 'finished', result: value })
      return { ok: true, value }
    } catch (error) {
      // Whatever broke because of the interruption is the interruption.
      const failure = this.stopped ?? (this.aborted ? interrupted(this.folder || undefined) : toFailure(error))
      if (process.env['LUPINE_DEBUG'] && !(error instanceof LupineError)) console.error(error)
      this.state = this.aborted && !this.stopped ? 'cancelled' : 'failed'
      this.log.append({ type: 'failed', failure })
      return { ok: false, failure }
    }
  }

  private async cleanedUp<T>(work: (context: JobContext) => Promise<T>): Promise<T> {
    try {
      return await work(this)
    } finally {
      await Promise.allSettled(this.cleanUps.map((cleanUp) => cleanUp()))
    }
  }
}
