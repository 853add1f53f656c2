import { join } from 'node:path'
import { fail } from '../core/failure'
import { configFolder, readSettings, writeSettings } from './settings-file'

/** A board that was used before, under a name of the user's. */
export interface SavedDevice {
  readonly name: string
  /** As one would give it to --device; never with a password in it. */
  readonly address: string
  /** ISO 8601 */
  readonly lastUsed: string
}

interface StoreFile {
  readonly format: 'lupine-devices'
  readonly version: 1
  readonly devices: readonly SavedDevice[]
}

const storePath = (): string => join(configFolder(), 'devices.json')

/** Last used first. @throws LupineError input 'devices-damaged' */
export async function savedDevices(path = storePath()): Promise<SavedDevice[]> {
  const parse = (content: unknown): readonly SavedDevice[] => {
    const { format, devices } = content as Partial<StoreFile>
    if (format !== 'lupine-devices' || !devices) throw new Error('it lists no devices')
    return devices
  }
  const devices = await readSettings(path, parse, (why, cause) => damaged(path, why, cause))
  return [...(devices ?? [])].sort((a, b) => b.lastUsed.localeCompare(a.lastUsed))
}

/** Remembers a device, or that it was used again. @throws LupineError as savedDevices; work 'not-written' */
export async function saveDevice(device: SavedDevice, path = storePath()): Promise<void> {
  const others = (await savedDevices(path)).filter(({ name }) => name !== device.name)
  await write(path, [device, ...others])
}

/** @returns what was forgotten @throws LupineError input 'device-unknown'; as savedDevices; work 'not-written' */
export async function forgetDevice(name: string, path = storePath()): Promise<SavedDevice> {
  const saved = await savedDevices(path)
  const found = saved.find((device) => device.name === name)
  if (!found) {
    const names = saved.map((device) => device.name).join(', ')
    throw fail(
      'input',
      'device-unknown',
      `There is no saved device "${name}".`,
      saved.length > 0 ? `Saved are: ${names}.` : 'No device is saved.',
    )
  }
  await write(
    path,
    saved.filter((device) => device !== found),
  )
  return found
}

function write(path: string, devices: readonly SavedDevice[]): Promise<void> {
  const file: StoreFile = { format: 'lupine-devices', version: 1, devices }
  return writeSettings(path, file)
}

const damaged = (path: string, why: string, cause: unknown) =>
  fail(
    'input',
    'devices-damaged',
    `The list of saved devices, ${path}, cannot be read: ${why}.`,
    'Mend it, or remove it.',
    cause,
  )
