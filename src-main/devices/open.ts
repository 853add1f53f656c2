import { fail } from '../core/failure'
import { parseDevice } from './address'
import type { Device } from './device'
import { LocalDevice } from './local'
import { ReplayDevice } from './replay'
import { SyntheticDevice } from './synthetic/device'

/**
 * A device that needs no line to it, by its address; `open-board.ts` has the others.
 * @throws LupineError 'device-address', 'device-unsupported'
 */
export function openDevice(address: string, onWait?: () => void): Device {
  const parsed = parseDevice(address)
  switch (parsed.kind) {
    case 'local':
      return new LocalDevice(address, parsed.threads, onWait)
    case 'synthetic':
      return new SyntheticDevice(address, parsed.seed)
    case 'replay':
      return new ReplayDevice(address, parsed.folder)
    case 'ssh':
    case 'serial':
    case 'saved':
      throw fail('usage', 'device-unsupported', `"${address}" is a board.`, 'This works on this computer only: local.')
  }
}
