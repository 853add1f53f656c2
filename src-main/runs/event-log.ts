import { appendFileSync } from 'node:fs'
import type { JobEvent } from '../contract'

type WithoutCommon<E> = E extends unknown ? Omit<E, 'n' | 'job' | 'time'> : never
/** An event before it has its number. */
export type NewEvent = WithoutCommon<JobEvent>

/** Numbered events of one job: kept, written to a file once there is one, and passed to whoever listens. */
export class EventLog {
  private readonly events: JobEvent[] = []
  private readonly listeners = new Set<(event: JobEvent) => void>()
  private file: string | undefined

  constructor(private readonly job: string) {}

  get length(): number {
    return this.events.length
  }

  /** From now on every event goes to this file too, those so far included. */
  attach(file: string): void {
    this.file = file
    for (const event of this.events) this.write(event)
  }

  append(event: NewEvent): void {
    const full = { ...event, n: this.events.length, job: this.job, time: new Date().toISOString() } as JobEvent
    this.events.push(full)
    this.write(full)
    for (const listener of [...this.listeners]) listener(full)
  }

  /** Past events from number `from` on, then live ones. Returns the unsubscribe function. */
  subscribe(from: number, listener: (event: JobEvent) => void): () => void {
    for (const event of this.events.slice(from)) listener(event)
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
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
