/** Engines that are killed, crash in native code or freeze while they work: real ones, by real signals. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Failure, LupineError } from '../../../src-main/core/failure'
import type { EngineMethods, TrainProgress, TrainRequest } from '../../../src-main/engines/interface'
import type { OnnxruntimeMethods } from '../../../src-main/engines/onnxruntime/methods'
import { startEngine } from '../../../src-main/engines/process/start'
import { startSteadyEngine } from '../../../src-main/engines/process/steady'
import { writeOnnx } from '../../../src-main/formats/onnx/write'
import { writeTinyCifar } from '../../fixtures/engines/tiny-cifar'
import { tinyResnet } from '../../fixtures/engines/tiny-resnet'
import { withoutTensorFlow } from '../../fixtures/engines/tools'
import { temporaryFolder } from '../../fixtures/temporary'

const out = fileURLToPath(new URL('../../../out/main/', import.meta.url))
const engine = withoutTensorFlow ? 'wasm' : 'tensorflow'
const silence = 'LUPINE_ENGINE_SILENCE'

const failureOf = (work: Promise<unknown>): Promise<Failure | undefined> =>
  work.then(
    () => undefined,
    (error: unknown) => (error as LupineError).failure,
  )

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

let folder: string
let temporary: string | undefined
let model: string
let data: TrainRequest['data']
beforeAll(async () => {
  folder = temporaryFolder('crash')
  // The measuring lock lies there: other tests that measure must not pause these engines.
  temporary = process.env['TMPDIR']
  process.env['TMPDIR'] = folder
  model = join(folder, 'model.onnx')
  await writeFile(model, writeOnnx(tinyResnet()))
  await writeTinyCifar(join(folder, 'data'))
  data = { address: `cifar10:${join(folder, 'data')}`, normalization: { mean: [0.5], std: [0.25] } }
})
afterEach(() => void delete process.env[silence])
afterAll(async () => {
  if (temporary === undefined) delete process.env['TMPDIR']
  else process.env['TMPDIR'] = temporary
})

const training = (name: string): TrainRequest => ({
  ...{ model, data, out: join(folder, `${name}.onnx`), checkpoints: join(folder, name) },
  recipe: {
    ...{ epochs: 2, batch: 16, learningRate: 0.05, momentum: 0.9, nesterov: true, weightDecay: 1e-4 },
    ...{ schedule: 'cosine', warmupEpochs: 0, distillation: 0, temperature: 4, crop: 2, flip: true, seed: 1 },
    limit: 64,
  },
})

describe.skipIf(!existsSync(join(out, 'engine.js')))(`the ${engine} engine, in the middle of a training`, () => {
  /** Sends a signal at the second step of the second epoch; then trains on in a new process. */
  const disturbed = async (signal: NodeJS.Signals) => {
    const first = startEngine<EngineMethods>(engine)
    const pid = first.pid!
    let sent = false
    const disturb = ({ epoch, step }: TrainProgress): void => {
      if (sent || epoch !== 2 || step !== 2) return
      sent = true
      process.kill(pid, signal)
    }
    const failure = await failureOf(first.call('train', training(signal), { onProgress: disturb }))
    await first.stop()
    expect(isAlive(pid)).toBe(false)
    const second = startEngine<EngineMethods>(engine)
    const result = await second.call('train', training(signal))
    await second.stop()
    expect(result).toMatchObject({ resumedFrom: 1, epochs: [{ epoch: 1 }, { epoch: 2 }] })
    return failure!
  }

  test('killed for memory, says so and resumes', async () => {
    const failure = await disturbed('SIGKILL')
    expect(failure).toMatchObject({ kind: 'work', code: 'engine-died' })
    expect(failure.message).toContain(`The ${engine} engine ended unexpectedly (SIGKILL)`)
    expect(failure.hint).toMatch(/out of memory.*resume the run/)
  })

  test('crashed in native code, says so and resumes', async () => {
    const failure = await disturbed('SIGSEGV')
    expect(failure).toMatchObject({ kind: 'work', code: 'engine-died' })
    expect(failure.message).toContain('(SIGSEGV)')
    expect(failure.hint).toMatch(/Native code crashed.*Resume the run/)
  })

  test('frozen, is given up after the silence allowed, and resumes', async () => {
    process.env[silence] = '8'
    const failure = await disturbed('SIGSTOP')
    expect(failure).toMatchObject({ kind: 'work', code: 'engine-died' })
    expect(failure.message).toContain('no sign of life for 8 s')
  })
})

describe.skipIf(!existsSync(join(out, 'cli.js')))('a command that sleeps with its engine', () => {
  test('is not taken for frozen when it wakes up', async () => {
    const args = ['finetune', model, '--data', data.address, '--normalize', 'half', '--epochs', '2', '--json']
    args.push('--train-images', '256', '--batch', '16', '--engine', 'wasm', '--out', join(folder, 'slept.onnx'))
    // A group of its own, so that host and engine stop together, as when a laptop's lid is closed.
    const child = spawn(process.execPath, [join(out, 'cli.js'), ...args], {
      detached: true,
      env: { ...process.env, [silence]: '3' },
    })
    let [stdout, stderr, slept] = ['', '', false]
    child.stdout.on('data', (text) => (stdout += text))
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
    await new Promise<void>((resolve) => {
      void ended.then(() => resolve())
      child.stderr.on('data', (text) => {
        stderr += text
        if (slept || !stderr.includes('epoch 1/2')) return
        slept = true
        process.kill(-child.pid!, 'SIGSTOP')
        setTimeout(() => {
          process.kill(-child.pid!, 'SIGCONT')
          resolve()
        }, 8_000)
      })
    })
    expect(await ended, stderr).toBe(0)
    expect(slept).toBe(true)
    expect(JSON.parse(stdout)).toMatchObject({ epochs: [{}, {}] })
  })
})

describe.skipIf(!existsSync(join(out, 'engine.js')))('a pure call under which the engine ends', () => {
  const request = () => ({ model, data, split: 'test' as const })

  test('is made again in a new process, once, with the same answer', async () => {
    const told: Failure[] = []
    const steady = startSteadyEngine<EngineMethods>(engine, {
      pure: ['evaluate'],
      onRestart: (failure) => told.push(failure),
    })
    try {
      const undisturbed = await steady.call('evaluate', request())
      const pid = steady.pid!
      const kill = () => void (steady.pid === pid && process.kill(pid, 'SIGKILL'))
      const { top1, top5, images } = await steady.call('evaluate', request(), { onProgress: kill })
      expect({ top1, top5, images }).toEqual({
        ...{ top1: undisturbed.top1, top5: undisturbed.top5, images: undisturbed.images },
      })
      expect(told).toMatchObject([{ code: 'engine-died' }])
      expect(steady.pid).not.toBe(pid)
    } finally {
      await steady.stop()
    }
  })

  test('fails when the second process ends too; a training is never repeated', async () => {
    let restarts = 0
    const rules = { pure: ['evaluate'] as const, onRestart: () => void restarts++ }
    const steady = startSteadyEngine<EngineMethods>(engine, rules)
    try {
      const kill = () => void process.kill(steady.pid!, 'SIGKILL')
      const failure = await failureOf(steady.call('evaluate', request(), { onProgress: kill }))
      expect(failure).toMatchObject({ code: 'engine-died' })
      expect(restarts).toBe(1)
    } finally {
      await steady.stop()
    }
    const trainer = startSteadyEngine<EngineMethods>(engine, rules)
    try {
      const kill = () => void process.kill(trainer.pid!, 'SIGKILL')
      const failure = await failureOf(trainer.call('train', training('once'), { onProgress: kill }))
      expect(failure).toMatchObject({ code: 'engine-died' })
      expect(restarts).toBe(1)
    } finally {
      await trainer.stop()
    }
  })

  test('finds what the process was prepared for', async () => {
    const ort = startSteadyEngine<OnnxruntimeMethods>('onnxruntime', { pure: ['score'], opening: ['openScorer'] })
    try {
      await ort.call('openScorer', { model, data, fitnessImages: 64, recalibrationImages: 64, threads: 1 })
      const before = await ort.call('score', { widths: {} })
      process.kill(ort.pid!, 'SIGSEGV')
      // Both are under way when the process ends.
      const after = await Promise.all([ort.call('score', { widths: {} }), ort.call('score', { widths: {} })])
      expect(after).toEqual([before, before])
    } finally {
      await ort.stop()
    }
  })
})
