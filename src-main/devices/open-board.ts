import type { Ask } from '../contract'
import { fail } from '../core/failure'
import { type DeviceAddress, parseDevice } from './address'
import { BoardDevice } from './board'
import { saveDevice, savedDevices } from './saved'
import { SerialTransport } from './transports/serial/serial'
import { SshTransport } from './transports/ssh'
import type { Transport } from './transports/transport'

export interface BoardSurroundings {
  /** Path of lupine_agent.py. */
  readonly agent: string
  readonly note?: (level: 'info' | 'warning', text: string) => void
  /** For passwords and unknown host keys; absent where nobody can be asked. */
  readonly ask?: Ask | undefined
  /** ms: how long a board that went away is waited for. */
  readonly patience?: number
  /** What its line is held for, as others hear who want it meanwhile. */
  readonly purpose?: string
}

/** Is it a board's address, or a saved board's name? @throws LupineError 'device-address', 'device-unsupported' */
export const isBoard = (address: string): boolean => ['ssh', 'serial', 'saved'].includes(parseDevice(address).kind)

/**
 * A board by its address, or by the name it was saved under. Nothing is connected yet. After its first success it is
 * saved.
 * @throws LupineError usage 'device-address', 'ssh-proxy'; input 'devices-damaged'
 */
export async function openBoard(
  given: string,
  { agent, note, ask, patience, purpose }: BoardSurroundings,
): Promise<BoardDevice> {
  const { address, parsed } = await resolveBoard(given)
  const transport = await transportTo(parsed, ask ?? nobody, purpose)
  const told = new Set<string>()
  return new BoardDevice(address, transport, {
    agent,
    ...(patience !== undefined && { patience }),
    ...{ threads: parsed.threads, cores: parsed.cores, pin: parsed.pin },
    ...{ runtime: parsed.runtime, precision: parsed.precision },
    note(level, text) {
      // Once each, however often the board is connected to.
      if (!told.has(text)) note?.(level, text)
      told.add(text)
    },
    onUsed: () =>
      saveDevice({ name: parsed.name, address, lastUsed: new Date().toISOString() }).catch((error: Error) =>
        note?.('warning', `The board could not be saved: ${error.message}`),
      ),
  })
}

const nobody: Ask = () => Promise.resolve(undefined)

export type BoardAddress = Extract<DeviceAddress, { kind: 'ssh' | 'serial' }>

async function transportTo(board: BoardAddress, ask: Ask, purpose?: string): Promise<Transport> {
  return board.kind === 'ssh'
    ? SshTransport.create(board, ask)
    : new SerialTransport(board, { env: process.env, ask, purpose })
}

/**
 * The board that is meant: by its address, or the name it was saved under.
 * @throws LupineError usage 'device-address'; input 'devices-damaged'
 */
export async function resolveBoard(given: string): Promise<{ address: string; parsed: BoardAddress }> {
  const parsed = parseDevice(given)
  if (parsed.kind === 'ssh' || parsed.kind === 'serial') return { address: given, parsed }
  const saved = await savedDevices()
  const found = saved.find(({ name }) => name === given)
  if (!found) {
    const names = saved.map(({ name }) => name).join(', ')
    throw fail(
      'usage',
      'device-address',
      `"${given}" is not a device, and no board is saved under that name.`,
      `Use local, ssh://user@host, serial:PORT, synthetic:SEED or replay:DIR${names ? `, or a saved board: ${names}` : ''}.`,
    )
  }
  const board = parseDevice(found.address)
  if (board.kind !== 'ssh' && board.kind !== 'serial')
    throw fail(
      'input',
      'devices-damaged',
      `The address saved for ${given}, ${found.address}, is not a board's.`,
      `Forget it: lupine devices forget ${given}`,
    )
  return { address: found.address, parsed: { ...board, name: found.name } }
}
