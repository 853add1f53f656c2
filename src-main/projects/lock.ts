import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * A lock as a folder: mkdir is atomic everywhere. It names its owner's process, which touches it every few seconds; a
 * lock whose owner is gone, or has not stirred for long, is taken over.
 */
export interface Lock {
  release(): Promise<void>
  /** Called once, when the lock is no longer ours though we did not release it: its folder is gone, or it was taken over. */
  onLost(listener: (why: 'gone' | 'taken') => void): void
}

export interface LockTimes {
  /** ms between two signs of life. */
  readonly beat: number
  /** ms without one after which an owner counts as gone, though a process of its number lives: the system may have given the number to another. */
  readonly stale: number
}

const usual: LockTimes = { beat: 5000, stale: 90_000 }

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

interface Owner {
  readonly pid: number
  /** Of this one locking; locks of older versions have none, and don't beat. */
  readonly nonce: string | undefined
  /** ms since its last sign of life. */
  readonly age: number
}

/** Beside the file `pid`, which other programs read too: which locking it is, touched as a sign of life. */
const beatFile = 'alive'

async function readOwner(path: string): Promise<Owner> {
  const pid = Number(await readFile(join(path, 'pid'), 'utf8'))
  const file = join(path, beatFile)
  const nonce = await readFile(file, 'utf8').catch(() => undefined)
  return { pid, nonce, age: nonce === undefined ? 0 : Date.now() - (await stat(file)).mtimeMs }
}

/** The process that holds the lock at `path`; undefined when nobody (alive) does. */
export async function lockOwner(path: string, { stale }: LockTimes = usual): Promise<number | undefined> {
  try {
    const { pid, nonce, age } = await readOwner(path)
    return isAlive(pid) && (nonce === undefined || age < stale) ? pid : undefined
  } catch {
    // Between mkdir and writing the pid: held, for a moment.
    const made = await stat(path).catch(() => undefined)
    return made && Date.now() - made.mtimeMs < 2000 ? -1 : undefined
  }
}

/** Takes the lock, or undefined when a living process holds it. */
export async function tryLock(path: string, times: LockTimes = usual): Promise<Lock | undefined> {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      await mkdir(path)
      const nonce = randomBytes(8).toString('hex')
      await writeFile(join(path, beatFile), nonce)
      await writeFile(join(path, 'pid'), String(process.pid))
      return holdLock(path, nonce, times)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      if ((await lockOwner(path, times)) !== undefined || (await stirs(path, times))) return undefined
      await rm(path, { recursive: true, force: true })
    }
  }
  return undefined
}

/** A living owner that missed its beats may just have been asleep, with the computer: it gets the time for one more. */
async function stirs(path: string, times: LockTimes): Promise<boolean> {
  const owner = await readOwner(path).catch(() => undefined)
  if (!owner || !isAlive(owner.pid)) return false
  await new Promise((resolve) => setTimeout(resolve, times.beat * 1.5))
  return (await lockOwner(path, times)) !== undefined
}

function holdLock(path: string, nonce: string, { beat }: LockTimes): Lock {
  const listeners: ((why: 'gone' | 'taken') => void)[] = []
  const file = join(path, beatFile)
  const look = async (): Promise<void> => {
    const why = await readOwner(path).then(
      (owner) => (owner.nonce === nonce ? undefined : ('taken' as const)),
      (error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? ('gone' as const) : undefined),
    )
    if (why === undefined) return utimes(file, new Date(), new Date()).catch(() => undefined)
    clearInterval(timer)
    if (!released) for (const listener of listeners.splice(0)) listener(why)
  }
  let released = false
  const timer = setInterval(() => void look(), beat)
  timer.unref()
  return {
    onLost: (listener) => void listeners.push(listener),
    async release() {
      released = true
      clearInterval(timer)
      // One that was taken over is somebody else's by now.
      const owner = await readOwner(path).catch(() => undefined)
      if (!owner || owner.nonce === nonce) await rm(path, { recursive: true, force: true })
    },
  }
}
