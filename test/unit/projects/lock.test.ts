import { readFileSync, rmSync, statSync, utimesSync, writeFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { lockOwner, tryLock } from '../../../src-main/projects/lock'
import { temporaryFolder } from '../../fixtures/temporary'

const times = { beat: 20, stale: 3000 }
const old = new Date(Date.now() - 60_000)

function lockOf(pid: number) {
  const path = join(temporaryFolder('lock'), 'lock')
  mkdirSync(path)
  writeFileSync(join(path, 'alive'), 'abc')
  writeFileSync(join(path, 'pid'), String(pid))
  return path
}

describe('a lock', () => {
  it('shows signs of life', async () => {
    const path = join(temporaryFolder('lock'), 'lock')
    const lock = (await tryLock(path, times))!
    utimesSync(join(path, 'alive'), old, old)
    await vi.waitFor(() => expect(Date.now() - statSync(join(path, 'alive')).mtimeMs).toBeLessThan(1000), 5000)
    expect(await lockOwner(path, times)).toBe(process.pid)
    await lock.release()
    expect(await lockOwner(path, times)).toBeUndefined()
  })

  it('of a process number that somebody else has now is taken over', async () => {
    const path = lockOf(process.ppid)
    expect(await tryLock(path, times)).toBeUndefined()
    utimesSync(join(path, 'alive'), old, old)
    const lock = await tryLock(path, times)
    expect(lock).toBeDefined()
    await lock!.release()
  })

  it('of an owner that was only asleep is left to it', async () => {
    const path = lockOf(process.ppid)
    utimesSync(join(path, 'alive'), old, old)
    const awake = setTimeout(() => utimesSync(join(path, 'alive'), new Date(), new Date()), 5)
    expect(await tryLock(path, times)).toBeUndefined()
    clearTimeout(awake)
  })

  it('of an older version, which does not beat, counts as long as its process lives', async () => {
    const path = lockOf(process.ppid)
    rmSync(join(path, 'alive'))
    utimesSync(join(path, 'pid'), old, old)
    expect(await tryLock(path, times)).toBeUndefined()
  })

  it.each(['gone', 'taken'] as const)('tells its owner that it is %s, and then leaves it alone', async (why) => {
    const path = join(temporaryFolder('lock'), 'lock')
    const lock = (await tryLock(path, times))!
    const told = new Promise((resolve) => lock.onLost(resolve))
    if (why === 'gone') rmSync(path, { recursive: true })
    else writeFileSync(join(path, 'alive'), 'other')
    expect(await told).toBe(why)
    await lock.release()
    if (why === 'taken') expect(readFileSync(join(path, 'alive'), 'utf8')).toBe('other')
  })
})
