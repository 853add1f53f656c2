import { mkdirSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import type { Cancellation } from '../../core/ports'
import { lockOwner, tryLock } from '../../projects/lock'

/** Machine-wide, one per user: whoever holds it measures; training and evaluation of every Lupine process pause. */
export function measuringLockPath(): string {
  const folder = join(tmpdir(), `lupine-${userInfo().uid}`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return join(folder, 'measuring.lock')
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/**
 * Runs `work` while this process alone measures on the computer; waits for others first.
 * @param onWait called once when somebody else is measuring
 */
export async function withMachine<T>(
  work: () => Promise<T>,
  cancellation?: Cancellation,
  onWait?: () => void,
): Promise<T> {
  const path = measuringLockPath()
  let told = false
  for (;;) {
    cancellation?.throwIfAborted()
    const lock = await tryLock(path)
    if (lock) {
      // Engines of other processes look at the lock between steps: let the one in flight finish.
      await sleep(200)
      try {
        return await work()
      } finally {
        await lock.release()
      }
    }
    if (!told) onWait?.()
    told = true
    await sleep(200)
  }
}

/** Waits while anybody measures on this computer. For engines, between units of work. */
export async function waitWhileMeasuring(): Promise<void> {
  while ((await lockOwner(measuringLockPath())) !== undefined) await sleep(100)
}
