import type { Ask } from '../contract'
import { fail, type LupineError } from '../core/failure'
import { parseDevice } from './address'
import { type BoardAddress, resolveBoard } from './open-board'
import { openPort } from './transports/serial/port'
import { SshTransport } from './transports/ssh'
import type { TerminalSize } from './transports/transport'

/** A terminal's line to a board: bytes both ways, as they are. */
export interface TerminalLine {
  /** The board's name, in messages. */
  readonly place: string
  /** Whether the other end hears of the window's size; a serial line has no way to tell it. */
  readonly resizes: boolean
  /** Settles once the bytes are on their way: nothing piles up here for whoever waits for it. */
  write(bytes: Uint8Array): Promise<void>
  resize(size: TerminalSize): void
  /** Nothing more is read until `resume`: a shell waits then; a serial line, which can't, loses what comes meanwhile. */
  pause(): void
  resume(): void
  /** Settles when it has ended: undefined when the shell did, or it was closed here. */
  readonly ended: Promise<LupineError | undefined>
  /** Settles once the line is free again. */
  close(): Promise<void>
}

export interface TerminalOptions {
  readonly size: TerminalSize
  readonly onData: (chunk: Buffer) => void
  readonly ask: Ask
  readonly signal?: AbortSignal | undefined
}

/** Who has a port, for those who want it too. */
const purpose = 'a terminal of this program'

/**
 * Opens a terminal: the raw line of a serial port, or the login shell of a host that ssh reaches.
 * @throws LupineError usage 'terminal-unsupported'; of the address, the port, the connection
 */
export async function openTerminalLine(device: string, options: TerminalOptions): Promise<TerminalLine> {
  const { kind } = parseDevice(device)
  if (kind === 'local' || kind === 'synthetic' || kind === 'replay')
    throw fail(
      'usage',
      'terminal-unsupported',
      `"${device}" has no terminal.`,
      'Give a serial port (serial:/dev/ttyUSB0?baud=115200), a host (ssh://user@host), or a saved board.',
    )
  const { parsed } = await resolveBoard(device)
  options.signal?.throwIfAborted()
  return parsed.kind === 'serial' ? serialLine(parsed, options) : sshLine(parsed, options)
}

type Of<K extends BoardAddress['kind']> = Extract<BoardAddress, { kind: K }>

async function serialLine({ path, baud }: Of<'serial'>, { onData }: TerminalOptions): Promise<TerminalLine> {
  const port = await openPort(path, baud, purpose)
  port.onData(onData)
  let closing = false
  return {
    place: path,
    resizes: false,
    write(bytes) {
      port.write(bytes)
      return port.written()
    },
    resize: () => undefined,
    pause: () => port.pause(),
    resume: () => port.resume(),
    ended: port.lost.then((why) => (closing ? undefined : why)),
    close() {
      closing = true
      return port.close()
    },
  }
}

async function sshLine(address: Of<'ssh'>, { size, onData, ask, signal }: TerminalOptions): Promise<TerminalLine> {
  const transport = await SshTransport.create(address, ask)
  const connection = await transport.connect(signal)
  try {
    const shell = await connection.terminal!(size)
    shell.stdout.on('data', onData)
    let closing = false
    const over = shell.ended.then(async ({ code, signal }) => {
      // A line that broke ends its channels without a word; why is told a moment later.
      const silent = code === undefined && signal === undefined && !closing
      const why = silent ? await connection.lost : undefined
      await connection.close()
      return why
    })
    return {
      place: transport.place,
      resizes: true,
      write: (bytes) =>
        new Promise((resolve) => {
          // What is written to a channel that is gone is never answered.
          void over.then(() => resolve())
          shell.stdin.write(bytes, () => resolve())
        }),
      resize: (next) => shell.resize(next),
      pause: () => void shell.stdout.pause(),
      resume: () => void shell.stdout.resume(),
      ended: over,
      async close() {
        closing = true
        shell.close()
        await connection.close()
      },
    }
  } catch (error) {
    await connection.close()
    throw error
  }
}
