import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { userInfo } from 'node:os'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { bundle } from '../../../scripts/bundle.mjs'
import { temporaryFolder } from '../../fixtures/temporary'

/** A step of 50 ms, in turns, holding the machine: what a training contestant is. */
let program: string
const folder = temporaryFolder('bench')
const lock = join(folder, `lupine-${userInfo().uid}`, 'measuring.lock')
beforeAll(async () => void (program = await bundle('test/fixtures/bench/turns.ts')))
afterAll(() => rmSync(resolve(program)))

/** The machine's lock lies in the folder for temporary files: one of our own. */
function start() {
  const child = spawn(process.execPath, [program], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: folder },
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const ended = new Promise<number | null>((done) => child.once('close', done))
  return { child, ended, next: async () => JSON.parse((await lines.next()).value as string) as unknown }
}

it('answers steps with their times', async () => {
  const { child, ended, next } = start()
  expect(await next()).toBe('ready')
  child.stdin.write('3\n')
  const times = (await next()) as number[]
  expect(times).toHaveLength(3)
  expect(Math.min(...times)).toBeGreaterThan(40)
  expect(readFileSync(join(lock, 'pid'), 'utf8')).toBe(String(child.pid))
  child.stdin.end()
  expect(await ended).toBe(0)
  expect(existsSync(lock)).toBe(false)
})

it('ends with its parent in the middle of its steps, and gives the machine back', async () => {
  const { child, ended, next } = start()
  await next()
  child.stdin.write('1\n')
  await next()
  child.stdin.write('100000\n')
  child.stdin.end()
  expect(await ended).toBe(0)
  expect(existsSync(lock)).toBe(false)
})

it('ends with its parent while it waits for the machine', async () => {
  mkdirSync(lock, { recursive: true })
  writeFileSync(join(lock, 'pid'), String(process.pid))
  const { child, ended, next } = start()
  await next()
  child.stdin.write('100000\n')
  child.stdin.destroy()
  expect(await ended).toBe(0)
  expect(readFileSync(join(lock, 'pid'), 'utf8')).toBe(String(process.pid))
  rmSync(lock, { recursive: true })
})
