import { appendFileSync } from 'node:fs'
import type { JobEvent } from '../contract'

type WithoutCommon<E> = E extends unknown ? Omit<E, 'n' | 'job' | 'time'> : never
/** An event before it has its number. */
export type NewEvent = WithoutCommon<JobEvent>

/** Numbered events of one job: kept, and passed to whoever listens. */
export class Events {
  private readonly events: JobEvent[] = []
  private readonly listeners = new Set<(event: JobEvent) => void>()

  constructor(protected readonly job: string) {}

  get length(): number {
    return this.events.length
  }

  get all(): readonly JobEvent[] {
    return this.events
  }

  /** @param time ISO 8601 */
  add(event: NewEvent, time: string): JobEvent {
    const full = { ...event, n: this.events.length, job: this.job, time } as JobEvent
    this.events.push(full)
    for (const listener of [...this.listeners]) listener(full)
    return full
  }

  /** Past events from number `from` on, then live ones. Returns the unsubscribe function. */
  subscribe(from: number, listener: (event: JobEvent) => void): () => void {
    for (const event of this.events.slice(from)) listener(event)
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }
}

/** The events of a job of ours: written to a file too, once there is one. */
export class EventLog extends Events {
  private file: string | undefined

  /** From now on every event goes to this file too, those so far included. */
  attach(file: string): void {
    this.file = file
    for (const event of this.all) this.write(event)
  }

  append(event: NewEvent): void {
    // In the file first: who hears of an event may look there.
    const time = new Date().toISOString()
    this.write({ ...event, n: this.length, job: this.job, time } as JobEvent)
    this.add(event, time)
  }

  private write(event: JobEvent): void {
    if (!this.file) return
    try {
      appendFileSync(this.file, `${JSON.stringify(event)}\n`)
    } catch {
      // The log is for people; a full disk will stop the run where a result is written.
      this.file = undefined
    }
  }
}
