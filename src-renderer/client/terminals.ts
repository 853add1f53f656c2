import {
  mostTerminalBytes,
  terminalAhead,
  terminalOpened,
  type TerminalOpened,
  type TerminalRequest,
} from '../../src-main/contract'
import type { ServerMessage } from '../../src-main/contract/wire'
import type { Failure, Result } from '../../src-main/core/failure'
import type { Unnumbered } from './client'

export interface TerminalListener {
  onData(bytes: Uint8Array): void
  /** Once; without a failure when the shell ended or it was closed here. */
  onEnd(failure?: Failure): void
}

export interface OpenTerminal extends TerminalOpened {
  /** In the order of the calls; what is refused is told by `onEnd`. */
  type(bytes: Uint8Array): void
  resize(columns: number, rows: number): void
  close(): void
}

type Of<T extends ServerMessage['type']> = Extract<ServerMessage, { type: T }>

export interface Terminals {
  open(request: TerminalRequest, listener: TerminalListener): Promise<Result<OpenTerminal>>
  receive(message: Of<'terminal'> | Of<'terminal-ended'>): void
  /** The line to the program is gone, and every terminal with it. */
  breakOff(failure: Failure): void
}

/** The window's end of raw terminals: tells what has been taken, and sends a piece only when the one before is on its way. */
export function createTerminals(ask: (message: Unnumbered) => Promise<Result<unknown>>): Terminals {
  const open = new Map<number, { listener: TerminalListener; untold: number }>()

  function end(terminal: number, failure?: Failure): void {
    const ended = open.get(terminal)
    if (open.delete(terminal)) ended!.listener.onEnd(failure)
  }

  function handle(opened: TerminalOpened): OpenTerminal {
    const { terminal } = opened
    let queue: Uint8Array[] = []
    let sending = false
    async function send(): Promise<void> {
      sending = true
      while (queue.length > 0 && open.has(terminal)) {
        const all = joined(queue)
        queue = all.length > mostTerminalBytes ? [all.subarray(mostTerminalBytes)] : []
        const result = await ask({ type: 'type', terminal, data: toBase64(all.subarray(0, mostTerminalBytes)) })
        if (!result.ok) end(terminal, result.failure)
      }
      sending = false
    }
    return {
      ...opened,
      type(bytes) {
        queue.push(bytes)
        if (!sending) void send()
      },
      resize: (columns, rows) => void ask({ type: 'resize-terminal', terminal, columns, rows }),
      close: () => void ask({ type: 'close-terminal', terminal }),
    }
  }

  return {
    async open(request, listener) {
      const result = await ask({ type: 'open-terminal', request })
      if (!result.ok) return result
      const opened = terminalOpened.parse(result.value)
      open.set(opened.terminal, { listener, untold: 0 })
      return { ok: true, value: handle(opened) }
    },
    receive(message) {
      const { terminal } = message
      if (message.type === 'terminal-ended') return end(terminal, message.failure)
      const found = open.get(terminal)
      if (!found) return
      const bytes = fromBase64(message.data)
      found.listener.onData(bytes)
      found.untold += bytes.length
      if (found.untold < terminalAhead / 4) return
      void ask({ type: 'taken', terminal, bytes: found.untold })
      found.untold = 0
    },
    breakOff: (failure) => [...open.keys()].forEach((terminal) => end(terminal, failure)),
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    all.set(piece, at)
    at += piece.length
  }
  return all
}

/** At most `mostTerminalBytes` of them: arguments of one call. */
const toBase64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes))
const fromBase64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
