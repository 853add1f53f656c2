import { setTimeout } from 'node:timers/promises'
import type { LupineError } from '../../../core/failure'
import { claimPort } from './holders'
import { portLost, portMissing, portTrouble } from './serial-errors'

/** An open serial port: bytes in, bytes out at the pace of its line. */
export interface Port {
  onData(listener: (chunk: Buffer) => void): void
  /** Queued; a line carries what it carries. */
  write(bytes: Uint8Array | string): void
  /** Settles once all that was queued is on the line. */
  written(): Promise<void>
  /** What comes is left with the system, which keeps a few kilobytes and drops the rest; `resume` goes on. */
  pause(): void
  resume(): void
  /** Settles once the port is gone, with why. */
  readonly lost: Promise<LupineError>
  /** Waits until all is written, as long as that may take; then the port is free again. */
  close(): Promise<void>
}

/** ms of line that are written at once: a UART without flow control has few bytes to spare. */
const slice = 20

/**
 * Opens a port, 8N1. It has one owner at a time, also within this program.
 * @param purpose what it is for, as others hear who want it meanwhile
 * @throws LupineError 'port-missing', 'port-busy', 'port-refused', 'port-unusable'
 */
export async function openPort(path: string, baud: number, purpose = 'a measurement of this program'): Promise<Port> {
  const giveBack = await claimPort(path, purpose)
  try {
    return new OpenPort(path, baud, await openNative(path, baud), giveBack)
  } catch (error) {
    giveBack()
    throw error
  }
}

async function openNative(path: string, baud: number): Promise<NativePort> {
  // Loaded late: its native part may be missing for a platform.
  const { SerialPort } = await import('serialport')
  const port = new SerialPort({ path, baudRate: baud, autoOpen: false, lock: true, hupcl: false })
  await new Promise<void>((resolve, reject) =>
    port.open((error) => {
      if (!error) return resolve()
      reject(/ENOENT|no such file|File not found/i.test(error.message) ? portMissing(path) : portTrouble(path, error))
    }),
  )
  return port
}

interface NativePort {
  on(event: 'data', listener: (chunk: Buffer) => void): unknown
  on(event: 'close' | 'error', listener: (error: Error | null) => void): unknown
  write(bytes: Buffer, done: (error: Error | null | undefined) => void): unknown
  drain(done: (error: Error | null) => void): unknown
  pause(): unknown
  resume(): unknown
  close(done: (error: Error | null) => void): unknown
  readonly isOpen: boolean
}

class OpenPort implements Port {
  readonly lost: Promise<LupineError>
  private settleLost: (why: LupineError) => void = () => undefined
  private queue: Buffer[] = []
  private writing: Promise<void> | undefined
  private closed = false

  constructor(
    private readonly path: string,
    private readonly baud: number,
    private readonly port: NativePort,
    private readonly giveBack: () => void,
  ) {
    this.lost = new Promise((resolve) => (this.settleLost = resolve))
    port.on('close', (error) => {
      this.end(portLost(path, error?.message))
      giveBack()
    })
    port.on('error', (error) => this.end(portLost(path, error?.message)))
  }

  onData(listener: (chunk: Buffer) => void): void {
    this.port.on('data', listener)
  }

  write(bytes: Uint8Array | string): void {
    if (this.closed) return
    this.queue.push(Buffer.from(bytes))
    this.writing ??= this.pace().finally(() => (this.writing = undefined))
  }

  async written(): Promise<void> {
    await this.writing
  }

  pause(): void {
    this.port.pause()
  }

  resume(): void {
    this.port.resume()
  }

  async close(): Promise<void> {
    await Promise.race([this.writing, setTimeout(1000)])
    this.end(portLost(this.path, 'it was closed'))
    if (this.port.isOpen) await new Promise<void>((resolve) => this.port.close(() => resolve()))
    this.giveBack()
  }

  private end(why: LupineError): void {
    this.closed = true
    this.queue = []
    this.settleLost(why)
  }

  /** Ten bits a byte. A driver takes more than the line carries, so the clock is asked too. */
  private async pace(): Promise<void> {
    const most = Math.max(16, Math.floor((this.baud / 10) * (slice / 1000)))
    while (this.queue.length > 0 && !this.closed) {
      const all = this.queue.length === 1 ? this.queue[0]! : Buffer.concat(this.queue)
      const piece = all.subarray(0, most)
      this.queue = all.length > most ? [all.subarray(most)] : []
      const due = performance.now() + (piece.length * 10_000) / this.baud
      // What is written to a port that is gone is never answered.
      await Promise.race([new Promise<void>((resolve) => this.port.write(piece, () => resolve())), this.lost])
      const left = due - performance.now()
      if (left > 1) await setTimeout(left)
    }
  }
}
