import { mostTerminalBytes, terminalAhead, terminalRequest, type TerminalOpened } from '../contract'
import type { ReadMessage, ServerMessage } from '../contract/wire'
import { fail, toFailure } from '../core/failure'
import type { Program, TerminalLine } from './program'

/**
 * More than a window opens. What an ssh channel holds for a reader that stands still (2 MB) and what is under way, twice,
 * stays below the five megabytes that such a reader may cost.
 */
const mostTerminals = 2

interface Open {
  readonly line: TerminalLine
  /** Bytes sent that the window has not taken yet. */
  ahead: number
  paused: boolean
}

type Message<T extends ReadMessage['type']> = Extract<ReadMessage, { type: T }>

/** The terminals of one window's line: they end with it. */
export class SessionTerminals {
  private readonly terminals = new Map<number, Open>()
  private readonly gone = new AbortController()
  private opening = 0
  private next = 0

  constructor(
    private readonly program: Program,
    private readonly put: (message: ServerMessage) => void,
  ) {}

  async open({ request }: Message<'open-terminal'>): Promise<TerminalOpened> {
    if (this.terminals.size + this.opening >= mostTerminals) throw tooMany()
    this.opening++
    try {
      return await this.begin(terminalRequest.parse(request))
    } finally {
      this.opening--
    }
  }

  private async begin(request: Parameters<Program['terminal']>[0]): Promise<TerminalOpened> {
    const terminal = this.next++
    // What a shell says before its terminal has been answered for.
    const early: Buffer[] = []
    let listen = (chunk: Buffer): void => void early.push(chunk)
    const onData = (chunk: Buffer): void => listen(chunk)
    const line = await this.program.terminal(request, { onData, signal: this.gone.signal })
    if (this.gone.signal.aborted) {
      await line.close()
      throw fail('interrupted', 'window-gone', 'The window went away.', 'Open the terminal again.')
    }
    const open: Open = { line, ahead: 0, paused: false }
    this.terminals.set(terminal, open)
    void line.ended.then((why) => {
      if (!this.terminals.delete(terminal)) return
      this.put({ type: 'terminal-ended', terminal, ...(why && { failure: toFailure(why) }) })
    })
    setImmediate(() => {
      listen = (chunk) => this.show(terminal, open, chunk)
      early.forEach(listen)
    })
    const { place, resizes } = line
    return { terminal, place, resizes }
  }

  private show(terminal: number, open: Open, chunk: Buffer): void {
    for (let at = 0; at < chunk.length; at += mostTerminalBytes)
      this.put({ type: 'terminal', terminal, data: chunk.toString('base64', at, at + mostTerminalBytes) })
    open.ahead += chunk.length
    if (open.paused || open.ahead < terminalAhead) return
    open.paused = true
    open.line.pause()
  }

  type({ terminal, data }: Message<'type'>): Promise<void> {
    return this.find(terminal).line.write(Buffer.from(data, 'base64'))
  }

  taken({ terminal, bytes }: Message<'taken'>): void {
    // One that has ended meanwhile needs nothing.
    const open = this.terminals.get(terminal)
    if (!open) return
    open.ahead = Math.max(0, open.ahead - bytes)
    if (!open.paused || open.ahead > terminalAhead / 2) return
    open.paused = false
    open.line.resume()
  }

  resize({ terminal, columns, rows }: Message<'resize-terminal'>): void {
    this.find(terminal).line.resize({ columns, rows })
  }

  async close(terminal: number): Promise<void> {
    await this.terminals.get(terminal)?.line.close()
  }

  closeAll(): void {
    this.gone.abort()
    for (const { line } of this.terminals.values()) void line.close()
    this.terminals.clear()
  }

  private find(terminal: number): Open {
    const open = this.terminals.get(terminal)
    if (open) return open
    throw fail('usage', 'terminal-unknown', 'This terminal has ended.', 'Open it again.')
  }
}

const tooMany = () =>
  fail(
    'usage',
    'too-many-terminals',
    `This window has ${mostTerminals} terminals already.`,
    'Close one of them, or open another window.',
  )
