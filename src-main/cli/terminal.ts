import { setTimeout } from 'node:timers/promises'
import { fail, succeed, toFailure, type Result } from '../core/failure'
import type { Program, TerminalLine } from '../program/program'

/** Ctrl-]: as telnet is left. */
const leave = 0x1d
/** ms without a word after which a board has answered what was piped to it. */
const silence = 1000
const usual = { columns: 80, rows: 24 }

export interface Console {
  readonly input: NodeJS.ReadStream
  readonly output: NodeJS.WriteStream
  readonly notes: NodeJS.WritableStream
}

/**
 * Joins this terminal to a board's: every key goes there but Ctrl-], which ends it. Input that is no terminal is sent, and
 * what the board answers is waited for.
 */
export async function carryOutTerminal(
  program: Program,
  device: string,
  { input, output, notes }: Console,
): Promise<Result<unknown>> {
  const size = () => ({ columns: output.columns ?? usual.columns, rows: output.rows ?? usual.rows })
  let heard = performance.now()
  // A shell may greet before it is there.
  let open: TerminalLine | undefined
  try {
    const line = (open = await program.terminal(
      { device, ...size() },
      {
        onData(chunk) {
          heard = performance.now()
          if (output.write(chunk)) return
          open?.pause()
          output.once('drain', () => open?.resume())
        },
      },
    ))
    notes.write(`Connected to ${line.place}.${input.isTTY ? ' Ctrl-] leaves.' : ''}\r\n`)
    const resize = (): void => line.resize(size())
    output.on('resize', resize)
    if (input.isTTY) input.setRawMode(true)
    void send(input, line.write.bind(line)).then(async () => {
      while (!input.isTTY && performance.now() - heard < silence) await setTimeout(100)
      await line.close()
    })
    const why = await line.ended
    output.off('resize', resize)
    if (input.isTTY) input.setRawMode(false)
    input.destroy()
    return why ? { ok: false, failure: toFailure(why) } : succeed({})
  } catch (error) {
    return { ok: false, failure: toFailure(error) }
  }
}

/** Until Ctrl-], or the end. */
async function send(input: NodeJS.ReadStream, write: (bytes: Uint8Array) => Promise<void>): Promise<void> {
  try {
    for await (const chunk of input as AsyncIterable<Buffer>) {
      const end = input.isTTY ? chunk.indexOf(leave) : -1
      await write(end < 0 ? chunk : chunk.subarray(0, end))
      if (end >= 0) return
    }
  } catch {
    // The board ended first, and the input was given up.
  }
}

export const noJson = () =>
  fail(
    'usage',
    'terminal-json',
    'A terminal has no JSON to print.',
    'Leave out --json: stdout carries what the board says.',
  )
