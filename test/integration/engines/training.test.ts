import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { LupineError } from '../../../src-main/core/failure'
import type { Network } from '../../../src-main/core/graph/network'
import type { DataSource } from '../../../src-main/datasets/dataset'
import type { Recipe, TrainProgress, TrainRequest } from '../../../src-main/engines/interface'
import { openTensorFlow } from '../../../src-main/engines/tensorflow/backend'
import { evaluateModel } from '../../../src-main/engines/training/evaluate'
import type { Backend, TensorValue } from '../../../src-main/engines/training/session'
import { trainModel } from '../../../src-main/engines/training/train'
import { openWasm } from '../../../src-main/engines/wasm/backend'
import { loadOnnx } from '../../../src-main/formats/onnx/files'
import { writeOnnx } from '../../../src-main/formats/onnx/write'
import { writePlain } from '../../fixtures/image-folder'
import { callContext } from '../../fixtures/engines/call-context'
import { writeTinyCifar } from '../../fixtures/engines/tiny-cifar'
import { tinyResnet } from '../../fixtures/engines/tiny-resnet'
import { relativeError, withoutTensorFlow } from '../../fixtures/engines/tools'
import { temporaryFolder } from '../../fixtures/temporary'

const recipe: Recipe = {
  ...{ epochs: 3, batch: 32, learningRate: 0.05, momentum: 0.9, nesterov: true, weightDecay: 1e-4 },
  ...{ schedule: 'cosine', warmupEpochs: 0.5, distillation: 0, temperature: 4, crop: 2, flip: true, seed: 7 },
  limit: 160,
}
const normalization = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] }

let folder: string
let model: string
let data: DataSource
beforeAll(async () => {
  folder = temporaryFolder('training')
  model = join(folder, 'model.onnx')
  await writeFile(model, writeOnnx(tinyResnet()))
  await writeTinyCifar(join(folder, 'data'))
  data = { address: `cifar10:${join(folder, 'data')}`, normalization }
})

const request = (name: string, change: Partial<TrainRequest> = {}): TrainRequest => ({
  ...{ model, data, recipe },
  out: join(folder, `${name}.onnx`),
  checkpoints: join(folder, name),
  ...change,
})

function worst(a: Network, b: Network): number {
  const errors = [...a.initializers].map(([name, { data }]) => relativeError(data, b.initializers.get(name)!.data))
  return Math.max(...errors)
}

const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => (error as LupineError).failure,
  )

const engines: [string, () => Backend | Promise<Backend>, string | undefined][] = [
  ['tensorflow', openTensorFlow, withoutTensorFlow],
  ['wasm', openWasm, undefined],
]

describe.each(engines)('%s', (engine, open, missing) => {
  test.skipIf(missing)('an interrupted training resumes to the same weights', async () => {
    const backend = await open()
    const whole = await trainModel(backend, request(`${engine}-whole`), callContext())
    expect([whole.resumedFrom, whole.precision]).toEqual([0, backend.describe().precisions[0]])
    expect(whole.epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3])
    expect(whole.epochs[2].loss).toBeLessThan(whole.epochs[0].loss)

    const cut = trainModel(
      backend,
      request(`${engine}-cut`),
      callContext((p) => p?.epoch === 3 && p.step === 2),
    )
    expect(await failureOf(cut)).toMatchObject({ kind: 'interrupted' })
    expect(await readdir(join(folder, `${engine}-cut`))).toEqual(['epoch-0001', 'epoch-0002'])

    // The last checkpoint is damaged: the one before it serves.
    await writeFile(join(folder, `${engine}-cut`, 'epoch-0002', 'velocities.f32'), 'short')
    const resumed = await trainModel(backend, request(`${engine}-cut`), callContext())
    expect(resumed.resumedFrom).toBe(1)
    expect(resumed.epochs).toHaveLength(3)
    expect(resumed.top1.before).toBe(whole.top1.before)
    const results = [`${engine}-whole`, `${engine}-cut`].map((name) => loadOnnx(join(folder, `${name}.onnx`)))
    const [a, b] = await Promise.all(results)
    expect(worst(a, b)).toBeLessThan(1e-6)
  })

  test.skipIf(missing)('learns from a teacher', async () => {
    const taught = { ...recipe, epochs: 2, distillation: 0.7, limit: 64 }
    const teacher = join(folder, 'teacher.onnx')
    await writeFile(teacher, writeOnnx(tinyResnet(2)))
    const result = await trainModel(
      await open(),
      request(`${engine}-taught`, { recipe: taught, teacher }),
      callContext(),
    )
    expect(result.epochs[1].loss).toBeLessThan(result.epochs[0].loss)
  })

  test.skipIf(missing)('evaluates a split', async () => {
    const seen: number[] = []
    const listen = { ...callContext(), progress: ({ done }: { done: number }) => void seen.push(done) }
    const result = await evaluateModel(await open(), { model, data, split: 'test', limit: 290 }, listen)
    expect(result.images).toBe(290)
    expect(result.top5).toBeGreaterThanOrEqual(result.top1)
    expect(seen).toEqual([256, 290])
  })
})

test('a checkpoint of another recipe is not resumed from', async () => {
  const once = { ...recipe, epochs: 1, limit: 64 }
  const backend = await openWasm()
  await trainModel(backend, request('other', { recipe: once }), callContext())
  const other = request('other', { recipe: { ...once, seed: 8 } })
  expect((await trainModel(backend, other, callContext())).resumedFrom).toBe(0)
  expect((await trainModel(backend, other, callContext())).resumedFrom).toBe(1)
})

/** The engine, but what it computes passes through `change`, which hears of the steps so far, this one included. */
function tampered(
  backend: Backend,
  change: (values: TensorValue[], fetches: readonly string[], steps: number) => TensorValue[],
): Backend {
  let steps = 0
  return {
    describe: () => backend.describe(),
    open(nodes) {
      const session = backend.open(nodes)
      const run: typeof session.run = (feeds, fetches) => {
        if (fetches[0] === 'step') steps++
        return change(session.run(feeds, fetches), fetches, steps)
      }
      return { run, close: () => session.close() }
    },
  }
}

/** From the n-th step on the loss is not a number. */
const spoilt = (backend: Backend, from: number): Backend =>
  tampered(backend, (values, fetches, steps) =>
    fetches[0] === 'step' && steps >= from ? [{ shape: [], data: Float32Array.of(NaN) }] : values,
  )

/** Validation after each epoch finds a spoilt network from the given epoch on: all logits alike. */
const worsening = (backend: Backend, epoch: number, stepsPerEpoch: number): Backend =>
  tampered(backend, (values, fetches, steps) => {
    const spoils = steps >= epoch * stepsPerEpoch && fetches.length === 1 && values[0]?.shape.length === 2
    return spoils ? [{ ...values[0], data: new Float32Array(values[0].data.length) }] : values
  })

test('a diverging training stops and keeps its last good checkpoint', async () => {
  const train = trainModel(spoilt(await openWasm(), 8), request('wild'), callContext())
  expect(await failureOf(train)).toMatchObject({
    ...{ kind: 'work', code: 'training-diverged' },
    message: 'Training diverged in epoch 2, step 3, at a learning rate of 0.0375: the loss is no longer a number.',
    hint: `Start again with a lower learning rate or a longer warm-up. The last good checkpoint is ${join(folder, 'wild', 'epoch-0001')}.`,
  })
  expect(await readdir(join(folder, 'wild'))).toEqual(['epoch-0001'])
})

test('stopping early, the result is the best epoch, through an interruption too', async () => {
  const backend = await openWasm()
  const patient = { ...recipe, epochs: 9, limit: 64, patience: 3, schedule: 'constant' as const }
  const to = (name: string, change: Partial<Recipe> = {}) => request(name, { recipe: { ...patient, ...change } })
  // From the second epoch on everything is equally wrong: the first is the best, three more do not better it.
  const whole = await trainModel(worsening(backend, 2, 2), to('patient'), callContext())
  expect(whole.epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4])
  expect(whole.kept).toEqual({ epoch: 1, rule: 'best' })
  expect(whole.top1.after).toBe(whole.epochs[0].top1)
  expect(whole.top1.after).toBeGreaterThan(0)
  expect((await readdir(join(folder, 'patient'))).sort()).toEqual(['epoch-0001', 'epoch-0003', 'epoch-0004'])

  const single = await trainModel(backend, to('single', { epochs: 1, patience: undefined }), callContext())
  expect(single.kept).toEqual({ epoch: 1, rule: 'last' })
  const load = (name: string) => loadOnnx(join(folder, `${name}.onnx`))
  expect(worst(await load('patient'), await load('single'))).toBeLessThan(1e-6)

  const cut = worsening(backend, 2, 2)
  const stop = (progress: TrainProgress | undefined) => progress?.epoch === 4 && progress.step === 1
  expect(await failureOf(trainModel(cut, to('cut'), callContext(stop)))).toMatchObject({ kind: 'interrupted' })
  const resumed = await trainModel(worsening(backend, 0, 2), to('cut'), callContext())
  expect(resumed).toMatchObject({ resumedFrom: 3, kept: { epoch: 1, rule: 'best' } })
  expect(worst(await load('cut'), await load('single'))).toBeLessThan(1e-6)

  const last = await trainModel(worsening(backend, 2, 2), to('last', { keep: 'last' }), callContext())
  expect(last.kept).toEqual({ epoch: 4, rule: 'last' })
  expect(last.top1.after).toBe(0)
  expect(worst(await load('last'), await load('single'))).toBeGreaterThan(1e-3)
})

test('asked to stop, it ends after its epoch and keeps the best', async () => {
  const backend = await openWasm()
  const long = request('concluded', { recipe: { ...recipe, epochs: 9, limit: 64, schedule: 'constant' } })
  let epochs = 0
  const asked = { ...callContext(), progress: ({ record }: TrainProgress) => void (record && epochs++) }
  const result = await trainModel(worsening(backend, 2, 2), long, { ...asked, concluding: () => epochs === 3 })
  expect(result.epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3])
  expect(result).toMatchObject({ concluded: true, kept: { epoch: 1, rule: 'best' } })
  expect(result.top1.after).toBe(result.epochs[0].top1)
})

test('without labels the network learns what its teacher says, and is judged by it', async () => {
  const plain = join(folder, 'plain')
  await mkdir(plain, { recursive: true })
  for (let i = 0; i < 40; i++) await writePlain(join(plain, `${i}.png`), [i * 6, 255 - i * 6, (i * 53) % 256])
  const teacher = join(folder, 'teacher.onnx')
  await writeFile(teacher, writeOnnx(tinyResnet(2)))
  const unlabelled = { address: `images:${plain}`, normalization }
  const short = { ...recipe, batch: 16, epochs: 4, limit: 32, distillation: 0.3, warmupEpochs: 0 }
  const change = { data: unlabelled, teacher, recipe: short, checkpoints: undefined }
  const result = await trainModel(await openWasm(), request('unlabelled', change), callContext())
  expect(result.judgedBy).toBe('teacher')
  expect(result.epochs.at(-1)!.loss).toBeLessThan(result.epochs[0].loss)
  const own = trainModel(await openWasm(), request('alone', { data: unlabelled, recipe: short }), callContext())
  expect(await failureOf(own)).toMatchObject({ kind: 'input', code: 'labels-missing' })
})

test.skipIf(withoutTensorFlow)('wasm trains to the same weights as TensorFlow in float32', async () => {
  const short = { ...recipe, epochs: 1, limit: 128, precision: 'float32' as const }
  const made: Network[] = []
  for (const open of [openTensorFlow, openWasm]) {
    const name = `same-${made.length}`
    const { precision } = await trainModel(await open(), request(name, { recipe: short }), callContext())
    expect(precision).toBe('float32')
    made.push(await loadOnnx(join(folder, `${name}.onnx`)))
  }
  expect(worst(made[0], made[1])).toBeLessThan(1e-4)
})
