import type { Ask, CallResult } from '../contract'
import { toFailure } from '../core/failure'
import { openBoard } from '../devices/open-board'
import { forgetDevice, savedDevices } from '../devices/saved'
import { listSerialPorts } from '../devices/serial-ports'
import { thisComputer } from '../devices/this-computer'
import { agentPath } from './sample'
import { tensorflowFacts } from './tensorflow/facts'
import { judgeTensorflow } from './tensorflow/judge'

/** `devices`: boards used before, serial ports, this computer, and what TensorFlow runs on. @throws 'devices-damaged' */
export async function listDevices(): Promise<CallResult<'devices.list'>> {
  const [saved, serial, local, facts] = await Promise.all([
    savedDevices(),
    listSerialPorts(),
    thisComputer(),
    tensorflowFacts(),
  ])
  const { gpus, setup } = facts
  return {
    saved,
    serialPorts: serial.ports,
    local,
    tensorflow: { ...judgeTensorflow(facts), source: setup?.source ?? null, gpus: [...gpus] },
    notes: serial.note ? [serial.note] : [],
  }
}

/** ms that a board may take to be cleaned; it may well be switched off. */
const patience = 30_000

/**
 * `devices forget NAME`: the saved entry, the trusted host key, and what was copied to the board, if it can be reached.
 * @throws LupineError input 'device-unknown'
 */
export async function forgetSavedDevice({ name }: { name: string }, ask?: Ask): Promise<CallResult<'devices.forget'>> {
  const notes: string[] = []
  const known = (await savedDevices()).some((device) => device.name === name)
  const cleaned = known && (await cleanBoard(name, notes, ask))
  const forgot = await forgetDevice(name)
  return { forgot, saved: await savedDevices(), cleaned, notes }
}

async function cleanBoard(name: string, notes: string[], ask: Ask | undefined): Promise<boolean> {
  try {
    const board = await openBoard(name, { agent: agentPath(), ask })
    try {
      await board.forget(AbortSignal.timeout(patience))
      return true
    } finally {
      await board.forgetHere()
    }
  } catch (error) {
    const { message } = toFailure(error)
    notes.push(`Nothing was removed from the board: ${message}`)
    return false
  }
}
