import { mkdir, readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import type { LupineError } from '../core/failure'
import { writeAtomically } from '../formats/onnx/files'

/** The user's folder for settings, as the platform has it. */
export function configFolder(env: NodeJS.ProcessEnv = process.env, platform = process.platform): string {
  if (platform === 'win32') return join(env['APPDATA'] || join(homedir(), 'AppData', 'Roaming'), 'lupine')
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'lupine')
  return join(env['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'lupine')
}

/**
 * A JSON file of Lupine's own; undefined where there is none yet.
 * @param parse throws what is wrong with the content
 * @throws LupineError `damaged`, told why: nobody's settings pass for empty because a file is broken
 */
export async function readSettings<T>(
  path: string,
  parse: (content: unknown) => T,
  damaged: (why: string, cause: unknown) => LupineError,
): Promise<T | undefined> {
  try {
    return parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw damaged((error as Error).message, error)
  }
}

/** Its folder is for the user alone. @throws LupineError work 'not-written' */
export async function writeSettings(path: string, content: object): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 }).catch(() => undefined)
  await writeAtomically(path, `${JSON.stringify(content, null, 2)}\n`)
}
