import type { Ask, TerminalRequest } from '../contract'
import { openTerminalLine, type TerminalLine, type TerminalOptions } from '../devices/terminal'

export type { TerminalLine }

/** Terminals that are open, of whichever window: none outlives the program. */
export class Terminals {
  private readonly open = new Set<TerminalLine>()

  constructor(private readonly ask: Ask | undefined) {}

  /** @throws LupineError as openTerminalLine */
  async start(request: TerminalRequest, around: Pick<TerminalOptions, 'onData' | 'signal'>): Promise<TerminalLine> {
    const { device, ...size } = request
    const ask = this.ask ?? (() => Promise.resolve(undefined))
    const line = await openTerminalLine(device, { size, ask, ...around })
    this.open.add(line)
    void line.ended.then(() => this.open.delete(line))
    return line
  }

  async close(): Promise<void> {
    await Promise.all([...this.open].map((line) => line.close()))
  }
}
