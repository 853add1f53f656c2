import type { Ask, CallResult } from '../contract'
import { devicesState } from '../contract/devices'
import { plainState } from '../core/device-state'
import { parseDevice } from '../devices/address'
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
    if (kind === 'local') return { state: stateOf(await hostState()) }
    if (kind === 'synthetic' || kind === 'replay') return { state: null, why: 'There is no board behind this address.' }
    const board = await this.boardOf(device)
    // Its one line would be taken away from whatever wants to measure.
    if (parseDevice(board.address).kind === 'serial')
      return {
        state: null,
        why: 'A serial line is left to measurements: they tell the board’s state before and after.',
      }
    try {
      return { state: stateOf(await board.state()) }
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

/** As the contract has it; what is not known on this device is left out. */
function stateOf(told: Readonly<Record<string, unknown>>): Found['state'] {
  return devicesState.result.shape.state.parse({ clocks: [], temperatures: [], ...plainState(told) })
}
