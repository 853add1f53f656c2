/** A real training beside a real measurement on this computer: the arbiter makes it wait. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { mad, median } from '../../src-main/core/statistics/robust'
import type { RawMeasurement } from '../../src-main/devices/device'
import { openDevice } from '../../src-main/devices/open'
import type { EngineMethods } from '../../src-main/engines/interface'
import { startEngine } from '../../src-main/engines/process/start'
import { saveOnnx } from '../../src-main/formats/onnx/files'
import { writeOnnx } from '../../src-main/formats/onnx/write'
import { built, folderWithLock } from '../fixtures/engines/doomed'
import { writeTinyCifar } from '../fixtures/engines/tiny-cifar'
import { tinyResnet } from '../fixtures/engines/tiny-resnet'
import { livelyResnet } from '../fixtures/networks'

const folder = folderWithLock('arbiter')

/** Sentinel and half network: the ratio, its MAD over rounds, and how many training steps fell into the measurement. */
async function measure(models: readonly string[], stepsSoFar: () => number) {
  let [first, last] = [-1, 0]
  const raw: RawMeasurement = await openDevice('local?threads=1').measure(models, [1, 3, 32, 32], {
    ...{ processes: 3, rounds: 20, slice: 4, seed: 1 },
    onProgress: () => {
      if (first < 0) first = stepsSoFar()
      last = stepsSoFar()
    },
  })
  const times = raw.processes.flatMap(({ samples }) => samples[1]!)
  return { median: median(times), mad: mad(times), steps: last - first }
}

describe.skipIf(!built)('a training beside a measurement', () => {
  it('waits, and leaves the median where it was', { timeout: 180_000, retry: 2 }, async () => {
    const models = [join(folder.path, 'whole.onnx'), join(folder.path, 'small.onnx')]
    await saveOnnx(models[0]!, livelyResnet(20))
    await saveOnnx(models[1]!, livelyResnet(8))
    const trained = join(folder.path, 'trained.onnx')
    await writeFile(trained, writeOnnx(tinyResnet()))
    await writeTinyCifar(join(folder.path, 'data'))

    const alone = await measure(models, () => 0)
    const engine = startEngine<EngineMethods>('wasm')
    let steps = 0
    const abort = new AbortController()
    const training = engine
      .call(
        'train',
        {
          ...{ model: trained, out: join(folder.path, 'out.onnx') },
          data: { address: `cifar10:${join(folder.path, 'data')}`, normalization: { mean: [0.5], std: [0.25] } },
          recipe: {
            ...{ epochs: 10_000, batch: 16, learningRate: 0.01, momentum: 0.9, nesterov: true, weightDecay: 1e-4 },
            ...{ schedule: 'constant', warmupEpochs: 0, distillation: 0, temperature: 4, crop: 2, flip: true, seed: 1 },
          },
        },
        { onProgress: () => steps++, signal: abort.signal },
      )
      .catch(() => undefined)
    try {
      while (steps < 3) await new Promise((wait) => setTimeout(wait, 50))
      const beside = await measure(models, () => steps)
      // The step in flight when the lock was taken may still report.
      expect(beside.steps).toBeLessThanOrEqual(1)
      const before = steps
      while (steps < before + 3) await new Promise((wait) => setTimeout(wait, 50))
      expect(Math.abs(beside.median - alone.median)).toBeLessThan(2 * Math.max(alone.mad, beside.mad))
    } finally {
      abort.abort()
      await training
      await engine.stop()
    }
  })
})
