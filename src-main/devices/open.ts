import { parseDevice } from './address'
import type { Device } from './device'
import { LocalDevice } from './local'

/** A device by its address. @throws LupineError 'device-address', 'device-unsupported' */
export function openDevice(address: string, onWait?: () => void): Device {
  const { threads } = parseDevice(address)
  return new LocalDevice(address, threads, onWait)
}
