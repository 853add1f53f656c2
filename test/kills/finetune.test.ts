/** `lupine finetune`, killed outright in the middle of an epoch and given again: the same as if nothing had happened. */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadOnnx, saveOnnx } from '../../src-main/formats/onnx/files'
import { cli } from '../fixtures/command-line'
import { quickResnet } from '../fixtures/networks'
import { relativeError, withoutTensorFlow } from '../fixtures/engines/tools'
import { temporaryFolder } from '../fixtures/temporary'

const dir = temporaryFolder('killed')
// The measuring lock lies there: other tests that measure must not pause these trainings.
const env = { ...process.env, TMPDIR: dir }
const out = (name: string) => join(dir, `${name}.onnx`)
const options = (name: string) => [
  ...['finetune', join(dir, 'model.onnx'), '--data', 'sample', '--epochs', '3', '--train-images', '320'],
  ...['--batch', '16', '--cutout', '8', '--keep', 'best', '--seed', '3', '--out', out(name), '--json'],
  ...['--engine', withoutTensorFlow ? 'wasm' : 'tensorflow'],
]

interface Answer {
  resumedFrom: number
  kept: { epoch: number; rule: string }
  top1: { before: number; after: number }
  epochs: { epoch: number; loss: number; top1: number; lr: number; imagesPerSecond: number }[]
}
const finetune = (name: string): Answer => {
  const { stdout, stderr, status } = spawnSync(process.execPath, [cli, ...options(name)], { encoding: 'utf8', env })
  expect(status, stderr).toBe(0)
  return JSON.parse(stdout) as Answer
}

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)

/** Kills the command with signal 9 once the first epoch is through; resolves with its processes. */
async function killInSecondEpoch(name: string): Promise<number[]> {
  const child = spawn(process.execPath, [cli, ...options(name)], { env })
  let stderr = ''
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
  const killed = new Promise<number[]>((resolve, reject) => {
    child.stderr.on('data', (text) => {
      stderr += text
      if (!stderr.includes('epoch 1/3: loss') || child.killed) return
      const engines = childrenOf(child.pid!)
      child.kill('SIGKILL')
      resolve(engines)
    })
    void ended.then(() => reject(new Error(`It ended by itself: ${stderr}`)))
  })
  const engines = await killed
  await ended
  return engines
}

beforeAll(() => saveOnnx(join(dir, 'model.onnx'), { ...quickResnet(), metadata: { 'lupine.normalize': 'half' } }))

describe.skipIf(process.platform !== 'linux')('a fine-tuning killed with signal 9 in its second epoch', () => {
  it('leaves no process behind, and gives the same epochs and weights when it is given again', async () => {
    const whole = finetune('whole')
    expect(whole.resumedFrom).toBe(0)
    expect(existsSync(`${out('whole')}.checkpoints`)).toBe(false)

    const engines = await killInSecondEpoch('cut')
    expect(engines.length).toBeGreaterThan(0)
    for (let i = 0; i < 100 && engines.some((pid) => existsSync(`/proc/${pid}`)); i++) await sleep(100)
    expect(engines.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([])
    expect(existsSync(out('cut'))).toBe(false)
    expect(readdirSync(`${out('cut')}.checkpoints`)).toContain('epoch-0001')

    const resumed = finetune('cut')
    expect(resumed.resumedFrom).toBe(1)
    expect(resumed.kept).toEqual(whole.kept)
    expect(resumed.epochs).toHaveLength(3)
    for (const [i, { epoch, top1, lr, loss }] of resumed.epochs.entries()) {
      expect({ epoch, top1, lr }).toEqual({
        ...{ epoch: whole.epochs[i]!.epoch, top1: whole.epochs[i]!.top1, lr: whole.epochs[i]!.lr },
      })
      expect(Math.abs(loss - whole.epochs[i]!.loss)).toBeLessThan(1e-6)
    }
    const [a, b] = await Promise.all([loadOnnx(out('whole')), loadOnnx(out('cut'))])
    for (const [name, { data }] of a.initializers)
      expect(relativeError(b.initializers.get(name)!.data, data), name).toBeLessThan(1e-6)
  })
})
