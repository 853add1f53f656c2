import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Runs `work` while holding a lock file that names this process. Waits while another living process holds it; a lock
 * whose process is gone, or that is older than `stale` ms, is taken over.
 * @template T
 * @param {string} path
 * @param {() => Promise<T>} work
 * @param {{ wait: number, stale: number, onWait?: (pid: number) => void }} options
 * @returns {Promise<T | undefined>} undefined when the lock did not come free within `wait` ms
 */
export async function withLock(path, work, { wait, stale, onWait }) {
  mkdirSync(dirname(path), { recursive: true })
  const deadline = Date.now() + wait
  let told = false
  while (!take(path)) {
    const holder = readHolder(path)
    if (holder === undefined || !isAlive(holder.pid) || Date.now() - holder.since > stale) {
      rmSync(path, { force: true })
      continue
    }
    if (Date.now() > deadline) return undefined
    if (!told) onWait?.(holder.pid)
    told = true
    await sleep(500)
  }
  const release = () => rmSync(path, { force: true })
  process.once('exit', release)
  try {
    return await work()
  } finally {
    process.removeListener('exit', release)
    release()
  }
}

function take(path) {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
}

/** Who holds the lock; undefined when it has just gone. */
function readHolder(path) {
  try {
    return { pid: Number(readFileSync(path, 'utf8')), since: statSync(path).mtimeMs }
  } catch {
    return undefined
  }
}

function isAlive(pid) {
  // Between creation and the first byte the file is empty: someone is just taking it.
  if (!pid) return true
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}
