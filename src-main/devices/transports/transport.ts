import type { Readable, Writable } from 'node:stream'
import type { LupineError } from '../../core/failure'

/** How a program on the board ended; both absent when its connection went first. */
export interface Exit {
  readonly code?: number
  /** "SEGV", "BUS", … */
  readonly signal?: string
}

/** A program that runs on the board. */
export interface Program {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  readonly ended: Promise<Exit>
  /** Ends it, or at least the line to it. */
  close(): void
}

/** Of a terminal, in characters. */
export interface TerminalSize {
  readonly columns: number
  readonly rows: number
}

/** A program that has a terminal. */
export interface TerminalProgram extends Program {
  resize(size: TerminalSize): void
}

/** A line to a board that is up. */
export interface Connection {
  /** One program at a time: what else is to be sent goes through the agent. */
  readonly single?: boolean
  /**
   * Starts a command of the POSIX shell.
   * @param talks it answers while it is spoken to; others are given all of their input, then answer
   * @throws LupineError 'device-lost', 'device-refused'
   */
  start(command: string, talks?: boolean): Promise<Program>
  /** The login shell on a terminal of its own, where the line has such. @throws LupineError as `start` */
  terminal?(size: TerminalSize): Promise<TerminalProgram>
  /** Settles once the connection is gone, with why. */
  readonly lost: Promise<LupineError>
  /** Settles once all is as it was found. */
  close(): void | Promise<void>
}

/** A way to a board. */
export interface Transport {
  /** The board's name in messages: "pi@raspberrypi". */
  readonly place: string
  /** @throws LupineError kind 'device' */
  connect(signal?: AbortSignal): Promise<Connection>
  /** Forgets what this computer keeps of the board, such as its host key. */
  forget(): Promise<void>
}
