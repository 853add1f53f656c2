import { existsSync } from 'node:fs'
import { resolve } from 'node:path'

/**
 * The files and folders that an argv names to be opened: what "Open with Lupine" and a double click put there.
 * @param args what follows the program's name
 * @param folder what relative paths are relative to
 */
export const openedBy = (args: readonly string[], folder: string): string[] =>
  args
    // Chromium's switches, and the folder of a checkout.
    .filter((arg) => !arg.startsWith('-') && arg !== '.')
    .map((arg) => resolve(folder, arg))
    .filter((path) => existsSync(path))
