import type { Ask, CallResult } from '../contract'
import { parseDevice } from '../devices/address'
import type { BoardState } from '../devices/agent/protocol'
import type { BoardDevice } from '../devices/board'
import { hostState } from '../devices/measuring/host-state'
import { openBoard } from '../devices/open-board'
import { agentPath } from './sample'

/** ms that a connection is kept after a look: people look every few seconds, or not at all. */
const kept = 20_000
/** ms that a board which has answered before is waited for. */
const patience = 5_000

type Found = CallResult<'devices.state'>

/** What boards do while nothing is measured on them. Looking costs a board a little: not to be done while it measures. */
export class BoardStates {
  private readonly boards = new Map<string, { board: Promise<BoardDevice>; idle?: NodeJS.Timeout }>()

  constructor(private readonly ask: Ask | undefined) {}

  /** @throws LupineError of the address and the connection */
  async look({ device }: { device: string }): Promise<Found> {
    const { kind } = parseDevice(device)
    if (kind === 'local') return { state: ofHost(await hostState()) }
    if (kind === 'synthetic' || kind === 'replay') return { state: null, why: 'There is no board behind this address.' }
    const board = await this.boardOf(device)
    // Its one line would be taken away from whatever wants to measure.
    if (parseDevice(board.address).kind === 'serial')
      return {
        state: null,
        why: 'A serial line is left to measurements: they tell the board’s state before and after.',
      }
    try {
      return { state: ofBoard(await board.state()) }
    } finally {
      this.keep(device)
    }
  }

  async close(): Promise<void> {
    for (const device of [...this.boards.keys()]) await this.forget(device)
  }

  private boardOf(device: string): Promise<BoardDevice> {
    const known = this.boards.get(device)
    if (known) return known.board
    const board = openBoard(device, { agent: agentPath(), ask: this.ask, patience })
    board.catch(() => this.boards.delete(device))
    this.boards.set(device, { board })
    return board
  }

  private keep(device: string): void {
    const open = this.boards.get(device)
    if (!open) return
    clearTimeout(open.idle)
    open.idle = setTimeout(() => void this.forget(device), kept)
    open.idle.unref()
  }

  private async forget(device: string): Promise<void> {
    const open = this.boards.get(device)
    this.boards.delete(device)
    clearTimeout(open?.idle)
    await open?.board.then((board) => board.close()).catch(() => undefined)
  }
}

type State = NonNullable<Found['state']>

function ofHost({ clockMHz, governor, temperatures, load, freeMemory }: Record<string, unknown>): State {
  return {
    clocks: typeof clockMHz === 'number' && clockMHz > 0 ? [clockMHz] : [],
    temperatures: (temperatures as number[] | undefined) ?? [],
    ...(typeof governor === 'string' && { governor }),
    load: Number(load),
    freeMemory: Number(freeMemory),
  }
}

function ofBoard({ policies, thermal, load, availableMemory, throttled, undervoltage }: BoardState): State {
  const governor = [...new Set(policies.flatMap((policy) => policy.governor ?? []))].join(', ')
  return {
    clocks: policies.flatMap(({ kHz }) => (kHz === null ? [] : [kHz / 1000])),
    temperatures: thermal.map(({ celsius }) => celsius),
    ...(governor && { governor }),
    load,
    freeMemory: availableMemory,
    // What happens now; the upper bits are history.
    ...(throttled !== undefined && { throttled: (throttled & 0xf) !== 0 }),
    ...(undervoltage && { throttled: true }),
  }
}
