import type { CallResult } from '../contract'
import { forgetDevice, savedDevices } from '../devices/saved'
import { listSerialPorts } from '../devices/serial-ports'
import { thisComputer } from '../devices/this-computer'
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

/** `devices forget NAME`. @throws LupineError input 'device-unknown' */
export async function forgetSavedDevice({ name }: { name: string }): Promise<CallResult<'devices.forget'>> {
  const forgot = await forgetDevice(name)
  return { forgot, saved: await savedDevices() }
}
