import type { JobEvent, JobSummary } from '../contract'
import type { Failure } from '../core/failure'
import { Events } from './event-log'

/** A job of another process, or of a program that has ended, as its project's events tell of it. */
export class ForeignJob {
  readonly log: Events
  kind = 'run'
  startedAt = new Date(0).toISOString()
  private paused = false
  private ended: JobSummary['state'] | undefined

  constructor(
    readonly id: string,
    readonly folder: string,
  ) {
    this.log = new Events(id)
  }

  get state(): JobSummary['state'] {
    return this.ended ?? (this.paused ? 'paused' : 'running')
  }

  get summary(): JobSummary {
    const { id, kind, folder, state, startedAt } = this
    return { id, kind, folder, state, startedAt, events: this.log.length, elsewhere: true }
  }

  /** Takes an event off the file; its number is its place there, whatever it says. */
  take(event: JobEvent): void {
    if (event.type === 'started') [this.kind, this.startedAt] = [event.kind, event.time]
    if (event.type === 'paused' || event.type === 'continued') this.paused = event.type === 'paused'
    if (event.type === 'finished') this.ended = 'finished'
    if (event.type === 'failed') this.ended = event.failure.kind === 'interrupted' ? 'cancelled' : 'failed'
    const { n: _n, job: _job, time, ...rest } = event
    this.log.add(rest, time)
  }

  /** Its process has ended without saying how, or its folder is gone. */
  end(failure: Failure): void {
    if (this.ended) return
    this.ended = failure.kind === 'interrupted' ? 'cancelled' : 'failed'
    this.log.add({ type: 'failed', failure }, new Date().toISOString())
  }
}
