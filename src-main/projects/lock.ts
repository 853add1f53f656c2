import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * A lock as a folder: mkdir is atomic everywhere. It names its owner's process; a lock whose owner is gone is taken
 * over.
 */
export interface Lock {
  release(): Promise<void>
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** The process that holds the lock at `path`; undefined when nobody (alive) does. */
export async function lockOwner(path: string): Promise<number | undefined> {
  try {
    const pid = Number(await readFile(join(path, 'pid'), 'utf8'))
    return isAlive(pid) ? pid : undefined
  } catch {
    // Between mkdir and writing the pid: held, for a moment.
    const made = await stat(path).catch(() => undefined)
    return made && Date.now() - made.mtimeMs < 2000 ? -1 : undefined
  }
}

/** Takes the lock, or undefined when a living process holds it. */
export async function tryLock(path: string): Promise<Lock | undefined> {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      await mkdir(path)
      await writeFile(join(path, 'pid'), String(process.pid))
      return { release: () => rm(path, { recursive: true, force: true }) }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      if ((await lockOwner(path)) !== undefined) return undefined
      await rm(path, { recursive: true, force: true })
    }
  }
  return undefined
}
