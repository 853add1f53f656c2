import { spawnSync } from 'node:child_process'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Recipe } from '../../../src-main/engines/interface'
import {
  readCheckpoint,
  recipeHash,
  writeCheckpoint,
  type Checkpoint,
} from '../../../src-main/engines/training/checkpoint'
import { Checkpoints } from '../../../src-main/engines/training/checkpoints'
import { countCorrect } from '../../../src-main/engines/training/evaluate'
import { spread } from '../../../src-main/datasets/order'
import { hasStalled, keepRule, learningRateAt } from '../../../src-main/engines/training/schedule'
import { tinyResnet } from '../../fixtures/engines/tiny-resnet'
import { temporaryFolder } from '../../fixtures/temporary'

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
  beforeEach(() => void (folder = temporaryFolder('checkpoints')))

  const network = tinyResnet()
  /** Validation top-1 after each of five epochs: the second is the best. */
  const scores = [0.3, 0.6, 0.5, 0.6, 0.4]
  const bestOf = (epoch: number) => (epoch < 2 ? 1 : 2)
  const checkpoint = (epoch: number, recipe = 'r'): Checkpoint => ({
    ...{ recipe, epoch, network: { ...network, name: `epoch ${epoch}` }, before: 0.1 },
    velocities: new Map([
      ['w0', Float32Array.of(epoch, -0.1)],
      ['w2', Float32Array.of(1e-30)],
    ]),
    records: scores.slice(0, epoch).map((top1, i) => ({ epoch: i + 1, loss: 1, top1, lr: 0.1, imagesPerSecond: 10 })),
  })
  const saveUntil = async (last: number, recipe = 'r', checkpoints = new Checkpoints(folder, recipe)) => {
    for (let epoch = 1; epoch <= last; epoch++) await checkpoints.save(checkpoint(epoch), bestOf(epoch))
  }
  const find = (recipe = 'r') => new Checkpoints(folder, recipe).find()

  test('come back as they were', async () => {
    const own = join(folder, 'one')
    await writeCheckpoint(own, checkpoint(3))
    const loaded = await readCheckpoint(own)
    expect(loaded).toMatchObject({ recipe: 'r', epoch: 3, before: 0.1, records: checkpoint(3).records })
    expect(loaded.velocities).toEqual(checkpoint(3).velocities)
    expect(loaded.network.initializers.get('w0')!.data).toEqual(network.initializers.get('w0')!.data)
    expect(spawnSync('sha256sum', ['--check', '--quiet', 'SHA256SUMS'], { cwd: own }).status ?? 0).toBe(0)
  })

  test('the last two and the best are kept', async () => {
    const left: string[][] = []
    const checkpoints = new Checkpoints(folder, 'r')
    for (let epoch = 1; epoch <= 5; epoch++) {
      await checkpoints.save(checkpoint(epoch), bestOf(epoch))
      left.push((await readdir(folder)).map((name) => name.slice(-1)).sort())
    }
    expect(left).toEqual([['1'], ['1', '2'], ['2', '3'], ['2', '3', '4'], ['2', '4', '5']])
    const found = await find()
    expect(found).toMatchObject({ last: { epoch: 5 }, best: { epoch: 2, top1: 0.6 }, notes: [] })
    expect(found.best!.network.name).toBe('epoch 2')
  })

  test('what a resumed training saves keeps the best of before', async () => {
    await saveUntil(3)
    const resumed = new Checkpoints(folder, 'r')
    await resumed.find()
    await resumed.save(checkpoint(4), 2)
    await resumed.save(checkpoint(5), 2)
    expect((await readdir(folder)).sort()).toEqual(['epoch-0002', 'epoch-0004', 'epoch-0005'])
  })

  const flip = (bytes: Buffer): Buffer => {
    bytes[bytes.length >> 1]! ^= 1
    return bytes
  }
  test.each([
    ['model.onnx', 'cut short', (bytes: Buffer) => bytes.subarray(0, bytes.length / 2)],
    ['model.onnx', 'with a flipped bit', flip],
    ['velocities.f32', 'cut short', (bytes: Buffer) => bytes.subarray(0, 4)],
    ['velocities.f32', 'with a flipped bit', flip],
    ['checkpoint.json', 'emptied', () => Buffer.alloc(0)],
    ['checkpoint.json', 'with a flipped bit', flip],
    ['SHA256SUMS', 'with a flipped bit', flip],
  ])('the newest, its %s %s, is passed over with a note', async (name, _how, harm) => {
    await saveUntil(5)
    const file = join(folder, 'epoch-0005', name)
    await writeFile(file, harm(await readFile(file)))
    const { last, best, notes } = await find()
    expect(last!.epoch).toBe(4)
    expect(best!.epoch).toBe(2)
    expect(notes).toHaveLength(1)
    expect(notes[0]).toMatch(/epoch-0005 is damaged \(.*\): training goes on from epoch 4\.$/)
  })

  test('without its weights the best is the best of those that are left', async () => {
    await saveUntil(5)
    await rm(join(folder, 'epoch-0002', 'model.onnx'))
    const { best, notes } = await find()
    expect(best).toMatchObject({ epoch: 4, top1: 0.6 })
    expect(notes[0]).toMatch(/epoch-0002 is damaged .*: of the epochs that are left, 4 is the best\.$/)
  })

  test('when all are damaged, training starts anew', async () => {
    await saveUntil(1)
    await writeFile(join(folder, 'epoch-0001', 'model.onnx'), '')
    expect(await find()).toMatchObject({ last: undefined, best: undefined })
    expect((await find()).notes[0]).toMatch(/training starts anew\.$/)
  })

  test('of another recipe, or of none, there is none; the first of a new one replaces them', async () => {
    await saveUntil(5, 'other')
    expect(await find()).toEqual({ last: undefined, best: undefined, notes: [] })
    expect((await new Checkpoints(join(folder, 'nowhere'), 'r').find()).last).toBeUndefined()
    await saveUntil(1)
    expect(await readdir(folder)).toEqual(['epoch-0001'])
    expect((await find()).last!.epoch).toBe(1)
  })

  test('what a killed process left half written goes with the next', async () => {
    await mkdir(join(folder, 'epoch-0001.999999.part'))
    await saveUntil(1)
    expect(await readdir(folder)).toEqual(['epoch-0001'])
  })

  test('that cannot be written are a named failure', async () => {
    const file = join(folder, 'file')
    await writeFile(file, '')
    await expect(writeCheckpoint(join(file, 'in'), checkpoint(1))).rejects.toMatchObject({
      failure: { kind: 'work', code: 'checkpoint-not-written' },
    })
  })

  test('the digest tells every part apart', () => {
    expect(recipeHash('ab', 'c')).not.toBe(recipeHash('a', 'bc'))
    expect(recipeHash('a', Uint8Array.of(1))).toBe(recipeHash('a', Uint8Array.of(1)))
  })
})

test('whose weights are the result: the last, or the best where training may stop early, or as said', () => {
  expect(keepRule(recipe)).toBe('last')
  expect(keepRule({ ...recipe, patience: 3 })).toBe('best')
  expect(keepRule({ ...recipe, patience: 3, keep: 'last' })).toBe('last')
  expect(keepRule({ ...recipe, keep: 'best' })).toBe('best')
})
