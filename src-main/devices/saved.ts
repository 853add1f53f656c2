import { mkdir, readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fail } from '../core/failure'
import { writeAtomically } from '../formats/onnx/files'

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

/** The user's folder for settings, as the platform has it. */
export function configFolder(env: NodeJS.ProcessEnv = process.env, platform = process.platform): string {
  if (platform === 'win32') return join(env['APPDATA'] || join(homedir(), 'AppData', 'Roaming'), 'lupine')
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'lupine')
  return join(env['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'lupine')
}

const storePath = (): string => join(configFolder(), 'devices.json')

/** Last used first. @throws LupineError input 'devices-damaged' */
export async function savedDevices(path = storePath()): Promise<SavedDevice[]> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw damaged(path, (error as Error).message, error)
  }
  try {
    const { format, devices } = JSON.parse(text) as Partial<StoreFile>
    if (format !== 'lupine-devices' || !devices) throw new Error('it lists no devices')
    return [...devices].sort((a, b) => b.lastUsed.localeCompare(a.lastUsed))
  } catch (error) {
    throw damaged(path, (error as Error).message, error)
  }
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

async function write(path: string, devices: readonly SavedDevice[]): Promise<void> {
  const file: StoreFile = { format: 'lupine-devices', version: 1, devices }
  await mkdir(dirname(path), { recursive: true, mode: 0o700 }).catch(() => {})
  await writeAtomically(path, `${JSON.stringify(file, null, 2)}\n`)
}

const damaged = (path: string, why: string, cause: unknown) =>
  fail(
    'input',
    'devices-damaged',
    `The list of saved devices, ${path}, cannot be read: ${why}.`,
    'Mend it, or remove it.',
    cause,
  )
