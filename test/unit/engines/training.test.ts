import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Recipe } from '../../../src-main/engines/interface'
import {
  loadCheckpoint,
  recipeHash,
  saveCheckpoint,
  type Checkpoint,
} from '../../../src-main/engines/training/checkpoint'
import { countCorrect } from '../../../src-main/engines/training/evaluate'
import { spread } from '../../../src-main/datasets/order'
import { hasStalled, learningRateAt } from '../../../src-main/engines/training/schedule'
import { tinyResnet } from '../../fixtures/engines/tiny-resnet'

const recipe: Recipe = {
  ...{ epochs: 10, batch: 8, learningRate: 0.4, momentum: 0.9, nesterov: true, weightDecay: 0, schedule: 'cosine' },
  ...{ warmupEpochs: 2, distillation: 0, temperature: 1, crop: 0, flip: false, seed: 0 },
}

describe('the learning rate', () => {
  const rates = Array.from({ length: 100 }, (_, step) => learningRateAt(step, 10, recipe))

  test('warms up in a line', () => {
    expect(rates[0]).toBeCloseTo(0.02)
    expect(rates[9]).toBeCloseTo(0.2)
    expect(rates[19]).toBeCloseTo(0.4)
  })

  test('then falls as half a cosine, to almost nothing', () => {
    expect(rates[20]).toBeCloseTo(0.4)
    expect(rates[60]).toBeCloseTo(0.2)
    expect(rates[99]).toBeLessThan(0.001)
    expect(rates[99]).toBeGreaterThan(0)
  })

  test('or falls at milestones', () => {
    const step: Recipe = { ...recipe, schedule: 'step', milestones: [4, 7.5], decay: 0.5 }
    const rateAt = (at: number) => learningRateAt(at, 10, step)
    expect([20, 39, 40, 74, 75, 99].map(rateAt)).toEqual([0.4, 0.4, 0.2, 0.2, 0.1, 0.1])
    expect(rateAt(9)).toBeCloseTo(0.2)
  })

  test('or stays', () => {
    expect(learningRateAt(99, 10, { ...recipe, schedule: 'constant' })).toBe(0.4)
    expect(learningRateAt(0, 10, { ...recipe, warmupEpochs: 0 })).toBe(0.4)
  })
})

test('a training has stalled when nothing was better for so many epochs', () => {
  expect(hasStalled([0.5, 0.7, 0.6], 2)).toBe(false)
  expect(hasStalled([0.5, 0.7, 0.6, 0.7], 2)).toBe(true)
  expect(hasStalled([], 1)).toBe(false)
  expect(hasStalled([0.5, 0.4, 0.3], undefined)).toBe(false)
})

test('counting correct predictions: ties count against the network, not-a-number too', () => {
  const logits = Float32Array.of(3, 2, 1, 0, -1, -2, /* tie */ 5, 5, 0, 0, 0, 0, /* last */ 1, 2, 3, 4, 5, 6)
  expect(countCorrect(logits, Int32Array.of(0, 0, 0))).toEqual({ top1: 1, top5: 2 })
  expect(countCorrect(Float32Array.of(NaN, NaN), Int32Array.of(0))).toEqual({ top1: 0, top5: 1 })
})

test('a limited evaluation is spread over the split', () => {
  expect([...spread(10, 4)]).toEqual([0, 2, 5, 7])
  expect([...spread(3)]).toEqual([0, 1, 2])
  expect(spread(3, 9)).toHaveLength(3)
})

describe('checkpoints', () => {
  let folder: string
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'lupine-checkpoints-'))))
  afterEach(() => rm(folder, { recursive: true }))

  const network = tinyResnet()
  const checkpoint = (epoch: number, recipe = 'r'): Checkpoint => ({
    ...{ recipe, epoch, network, before: 0.1 },
    velocities: new Map([
      ['w0', Float32Array.of(epoch, -0.1)],
      ['w2', Float32Array.of(1e-30)],
    ]),
    records: [{ epoch, loss: 1, top1: 0.5, lr: 0.1, imagesPerSecond: 10 }],
  })

  test('come back as they were', async () => {
    await saveCheckpoint(folder, checkpoint(3))
    const loaded = (await loadCheckpoint(folder, 'r'))!
    expect(loaded).toMatchObject({ epoch: 3, before: 0.1, records: checkpoint(3).records })
    expect(loaded.velocities).toEqual(checkpoint(3).velocities)
    expect(loaded.network.initializers.get('w0')!.data).toEqual(network.initializers.get('w0')!.data)
  })

  test('the last two are kept, the newest is read, damage is passed over', async () => {
    for (const epoch of [1, 2, 3]) await saveCheckpoint(folder, checkpoint(epoch))
    expect(await readdir(folder)).toEqual(['epoch-0002', 'epoch-0003'])
    expect((await loadCheckpoint(folder, 'r'))!.epoch).toBe(3)
    await writeFile(join(folder, 'epoch-0003', 'model.onnx'), 'x')
    expect((await loadCheckpoint(folder, 'r'))!.epoch).toBe(2)
  })

  test('of another recipe, or of none, there is none', async () => {
    await saveCheckpoint(folder, checkpoint(1, 'other'))
    expect(await loadCheckpoint(folder, 'r')).toBeUndefined()
    expect(await loadCheckpoint(join(folder, 'nowhere'), 'r')).toBeUndefined()
  })

  test('that cannot be written are a named failure', async () => {
    const file = join(folder, 'file')
    await writeFile(file, '')
    await expect(saveCheckpoint(join(file, 'in'), checkpoint(1))).rejects.toMatchObject({
      failure: { kind: 'work', code: 'checkpoint-not-written' },
    })
  })

  test('the digest tells every part apart', () => {
    expect(recipeHash('ab', 'c')).not.toBe(recipeHash('a', 'bc'))
    expect(recipeHash('a', Uint8Array.of(1))).toBe(recipeHash('a', Uint8Array.of(1)))
  })
})
