import { setTimeout } from 'node:timers/promises'
import type { Port } from './port'

/** Text kept while somebody reads; more is a board that never ends talking. */
const most = 64 << 10

/** What a console says, as text, for whoever waits for something in it. */
export class Listener {
  private text = ''
  private heard = performance.now()
  private wake: () => void = () => undefined
  /** Bytes that came, and those among them that are no text. */
  readonly bytes = { all: 0, odd: 0 }

  constructor(port: Port) {
    port.onData((chunk) => this.push(chunk))
  }

  private push(chunk: Buffer): void {
    this.bytes.all += chunk.length
    for (const byte of chunk)
      if (byte > 0x7e || (byte < 0x20 && ![7, 8, 9, 10, 13, 27].includes(byte))) this.bytes.odd++
    this.text = (this.text + chunk.toString('latin1')).slice(-most)
    this.heard = performance.now()
    this.wake()
  }

  /** What came since it was last cleared. */
  get said(): string {
    return this.text
  }

  clear(): void {
    this.text = ''
  }

  /** Is most of what came no text? Wrong baud rates make bytes of all kinds. */
  get garbled(): boolean {
    return this.bytes.all >= 8 && this.bytes.odd > 0.3 * this.bytes.all
  }

  /** Waits, `ms` at most, until the text matches. */
  async until(pattern: RegExp, ms: number, signal?: AbortSignal): Promise<RegExpExecArray | null> {
    const end = performance.now() + ms
    for (;;) {
      signal?.throwIfAborted()
      const found = pattern.exec(this.text)
      const left = end - performance.now()
      if (found || left <= 0) return found
      const timer = new AbortController()
      await Promise.race([
        new Promise<void>((resolve) => (this.wake = resolve)),
        setTimeout(Math.min(left, 500), undefined, { signal: timer.signal }).catch(() => undefined),
      ])
      timer.abort()
    }
  }

  /** Waits until nothing has come for `ms`, `most` at most. @returns whether it fell quiet */
  async quiet(ms: number, most: number, signal?: AbortSignal): Promise<boolean> {
    const [start, end] = [performance.now(), performance.now() + most]
    for (;;) {
      signal?.throwIfAborted()
      const left = Math.max(this.heard, start) + ms - performance.now()
      if (left <= 0) return true
      if (performance.now() > end) return false
      await setTimeout(Math.min(left, 200))
    }
  }
}
