import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { runChild } from '../../../scripts/setup/child.mjs'
import { withLock } from '../../../scripts/setup/lock.mjs'
import { temporaryFolder } from '../../fixtures/temporary'

let folder: string
beforeEach(() => void (folder = temporaryFolder('setup')))

const node = (script: string, options: { limit: number }) => runChild(process.execPath, ['-e', script], options)

describe('runChild', () => {
  test('gives output, and the reason of a failure', async () => {
    expect(await node('console.log(1)', { limit: 5000 })).toMatchObject({ ok: true, stdout: '1\n', why: '' })
    const failed = await node('console.error("working\\nERROR: no room\\nbye"); process.exit(2)', { limit: 5000 })
    expect(failed).toMatchObject({ ok: false, why: 'ERROR: no room' })
  })

  test('names a program that is missing', async () => {
    const missing = await runChild('lupine-no-such-program', [], { limit: 5000 })
    expect(missing).toMatchObject({ ok: false, why: 'lupine-no-such-program is not installed' })
  })

  test('ends what takes too long, with everything it started', async () => {
    const file = join(folder, 'pid')
    const script = `const c = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
      require('node:fs').writeFileSync(${JSON.stringify(file)}, String(c.pid)); setInterval(() => {}, 1000)`
    const slow = await node(script, { limit: 700 })
    expect(slow).toMatchObject({ ok: false, why: 'took longer than 1 s' })
    await expect.poll(() => isAlive(Number(readFileSync(file, 'utf8')))).toBe(false)
  })
})

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0) && !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
  } catch {
    return false
  }
}

describe('withLock', () => {
  const options = { wait: 3000, stale: 60_000 }

  test('one at a time', async () => {
    const lock = join(folder, 'lock')
    const order: string[] = []
    const slow = withLock(
      lock,
      async () => {
        order.push('first')
        await new Promise((resolve) => setTimeout(resolve, 200))
        order.push('done')
      },
      options,
    )
    const second = withLock(lock, async () => void order.push('second'), options)
    await Promise.all([slow, second])
    expect(order).toEqual(['first', 'done', 'second'])
    expect(existsSync(lock)).toBe(false)
  })

  test('takes over from a process that is gone', async () => {
    const lock = join(folder, 'lock')
    const gone = spawn(process.execPath, ['-e', ''])
    await new Promise((resolve) => gone.once('exit', resolve))
    writeFileSync(lock, String(gone.pid))
    expect(await withLock(lock, async () => 'done', options)).toBe('done')
  })

  test('gives up after a while', async () => {
    const lock = join(folder, 'lock')
    writeFileSync(lock, String(process.pid))
    const waited: number[] = []
    const result = await withLock(lock, async () => 'done', {
      wait: 100,
      stale: 60_000,
      onWait: (pid) => waited.push(pid),
    })
    expect(result).toBeUndefined()
    expect(waited).toEqual([process.pid])
  })
})

test('with an empty cache TensorFlow is not there, and the answer says what to run', async () => {
  const script = join(import.meta.dirname, '../../../scripts/setup/tensorflow.mjs')
  const run = await runChild(
    process.execPath,
    ['-e', `import(${JSON.stringify(script)}).then((m) => console.log(JSON.stringify(m.tensorflowState())))`],
    { limit: 10_000, env: { ...process.env, XDG_CACHE_HOME: folder } },
  )
  const hint = expect.stringContaining('scripts/setup/tensorflow.mjs')
  // Unless the npm package's own download is in its folder.
  expect([
    { ok: false, reason: 'TensorFlow is not set up.', hint },
    expect.objectContaining({ source: 'package' }),
  ]).toContainEqual(JSON.parse(run.stdout))
})
