/** `lupine run`, killed with signal 9 again and again during its search: the same plan as if nothing had happened. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { cpSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { createRandom, permutation } from '../../src-main/core/statistics/random'
import { saveOnnx } from '../../src-main/formats/onnx/files'
import { cli } from '../fixtures/command-line'
import { writeTinyCifar } from '../fixtures/engines/tiny-cifar'
import { livelyResnet } from '../fixtures/networks'
import { withoutTensorFlow } from '../fixtures/engines/tools'
import { temporaryFolder } from '../fixtures/temporary'

const dir = temporaryFolder('kills')
// The machine's lock and this test's leftovers lie there.
const env = { ...process.env, TMPDIR: dir, XDG_CACHE_HOME: join(dir, 'cache') }
const project = (name: string) => join(dir, name)
const run = (name: string, device: string) => [
  ...[
    'run',
    join(dir, 'model.onnx'),
    '--data',
    `cifar10:${join(dir, 'data')}`,
    '--normalize',
    'half',
    '--device',
    device,
  ],
  ...['--budget', 'latency=0.75', '--evaluations', '48', '--epochs', '1', '--train-images', '64', '--refine', '2'],
  ...['--seed', '4', '--engine', withoutTensorFlow ? 'wasm' : 'tensorflow', '--out', project(name), '--json'],
]

interface Line {
  kind: string
  key: string
}
const journalOf = (name: string): Line[] => {
  const path = join(project(name), 'journal.jsonl')
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []
  return lines.map((line) => JSON.parse(line) as Line)
}
const evaluations = (name: string): number => journalOf(name).filter(({ kind }) => kind === 'score').length
const planOf = (name: string): string => readFileSync(join(project(name), 'plan.json'), 'utf8')

function finish(args: string[]): { replayed: number } {
  const { stdout, stderr, status } = spawnSync(process.execPath, [cli, ...args], { encoding: 'utf8', env })
  expect(status, stderr).toBe(0)
  return JSON.parse(stdout) as { replayed: number }
}

/** Lets a command run until the journal holds so many evaluations, then kills it. */
async function killAt(name: string, args: string[], count: number): Promise<void> {
  let stderr = ''
  const child: ChildProcess = spawn(process.execPath, [cli, ...args], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  child.stderr!.on('data', (text) => (stderr += text))
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
  while (evaluations(name) < count && child.exitCode === null) await sleep(5)
  expect(child.exitCode, stderr).toBeNull()
  child.kill('SIGKILL')
  await ended
}

/** Kills a run at each of these counts, each time resumed from what the last left; then lets it finish. */
async function killedRun(name: string, device: string, counts: readonly number[]): Promise<{ replayed: number }> {
  let args = run(name, device)
  for (const count of counts) {
    const before = journalOf(name)
    await killAt(name, args, count)
    // Nothing journalled is lost or written anew.
    expect(journalOf(name).slice(0, before.length)).toEqual(before)
    args = ['resume', project(name), '--json']
  }
  return finish(args)
}

const device = 'synthetic:11'
let total = 0
beforeAll(async () => {
  await writeTinyCifar(join(dir, 'data'))
  await saveOnnx(join(dir, 'model.onnx'), livelyResnet(14))
  finish(run('whole', device))
  total = evaluations('whole')
})

const expectSame = (name: string): void => {
  expect(planOf(name)).toBe(planOf('whole'))
  const keys = journalOf(name).map(({ kind, key }) => `${kind} ${key}`)
  expect(keys).toEqual(journalOf('whole').map(({ kind, key }) => `${kind} ${key}`))
  const evaluated = keys.filter((key) => key.startsWith('score '))
  expect(new Set(evaluated).size).toBe(evaluated.length)
}

describe('a run killed with signal 9', () => {
  it.each([5, 17, 33])('when the journal holds %d evaluations, and resumed', async (count) => {
    const name = `at-${count}`
    const { replayed } = await killedRun(name, device, [count])
    expect(replayed).toBeGreaterThanOrEqual(count)
    expectSame(name)
  })

  it('at 20 random counts, one after the other', async () => {
    const random = createRandom(20)
    const counts = permutation(total - 1, random)
      .slice(0, 20)
      .map((i) => i + 1)
      .sort((a, b) => a - b)
    await killedRun('often', device, counts)
    expectSame('often')
  })

  // The first run has measured all itself; the others had their tables from its cache.
  it.each(['whole', 'at-5'])('on a replayed device, whose recording is another run: %s', async (recorded) => {
    const folder = join(dir, `recorded-${recorded}`)
    cpSync(join(project(recorded), 'measurements'), folder, { recursive: true })
    const name = `replayed-${recorded}`
    await killedRun(name, `replay:${folder}`, [5, 17, 33])
    expectSame(name)
  })
})
