/** Trainings on a disk that is full: a tmpfs of a few hundred kilobytes, for which one has to be root. */
import { execFileSync } from 'node:child_process'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { LupineError } from '../../../src-main/core/failure'
import type { Recipe, TrainRequest } from '../../../src-main/engines/interface'
import { trainModel } from '../../../src-main/engines/training/train'
import { openWasm } from '../../../src-main/engines/wasm/backend'
import { loadOnnx } from '../../../src-main/formats/onnx/files'
import { writeOnnx } from '../../../src-main/formats/onnx/write'
import { callContext } from '../../fixtures/engines/call-context'
import { writeTinyCifar } from '../../fixtures/engines/tiny-cifar'
import { tinyResnet } from '../../fixtures/engines/tiny-resnet'
import { temporaryFolder } from '../../fixtures/temporary'

let folder: string
let disk: string
/** Why the tests are skipped; undefined where they run. */
let skipped: string | undefined
let data: TrainRequest['data']
let model: string
const size = (kilobytes: number, ...more: string[]) =>
  execFileSync('mount', ['-t', 'tmpfs', '-o', [`size=${kilobytes}k`, ...more].join(), 'lupine-test', disk], {
    stdio: 'pipe',
  })

beforeAll(async () => {
  folder = temporaryFolder('full')
  disk = join(folder, 'disk')
  await mkdir(disk)
  try {
    size(64)
  } catch (error) {
    skipped = `no tmpfs can be mounted here: ${(error as Error).message.split('\n')[0]}`
    console.warn(`Tests of a full disk are skipped: ${skipped}.`)
  }
  model = join(folder, 'model.onnx')
  await writeFile(model, writeOnnx(tinyResnet()))
  await writeTinyCifar(join(folder, 'data'))
  data = { address: `cifar10:${join(folder, 'data')}`, normalization: { mean: [0.5], std: [0.25] } }
})
afterAll(async () => {
  if (!skipped) execFileSync('umount', [disk])
})

const recipe: Recipe = {
  ...{ epochs: 3, batch: 32, learningRate: 0.05, momentum: 0.9, nesterov: true, weightDecay: 1e-4 },
  ...{ schedule: 'cosine', warmupEpochs: 0, distillation: 0, temperature: 4, crop: 0, flip: false, seed: 7 },
  limit: 64,
}
const context = callContext()
const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => (error as LupineError).failure,
  )

test('a checkpoint that does not fit is a named failure; the one before serves once there is room', async (test) => {
  if (skipped) return test.skip(skipped)
  const backend = await openWasm()
  const checkpoints = join(disk, 'checkpoints')
  const request = { model, data, recipe, checkpoints, out: join(folder, 'a.onnx') }
  // Room for one checkpoint and a half.
  const one = writeOnnx(tinyResnet()).length
  size(Math.ceil((one * 3) / 1024), 'remount')
  const failure = await failureOf(trainModel(backend, request, context))
  expect(failure).toMatchObject({ kind: 'work', code: 'disk-full' })
  expect(failure!.message).toMatch(/^The disk is full: the checkpoint of epoch \d could not be written to /)
  expect(failure!.message).toContain(checkpoints)
  expect(failure!.hint).toContain('goes on from the checkpoint before')
  const left = await readdir(checkpoints)
  expect(left.filter((name) => name.endsWith('.part'))).toEqual([])
  expect(left.length).toBeGreaterThan(0)

  size(4096, 'remount')
  const resumed = await trainModel(backend, request, context)
  expect(resumed.resumedFrom).toBe(left.length)
  expect(resumed.warnings).toEqual([])
  const undisturbed = await trainModel(backend, { ...request, checkpoints: join(folder, 'other') }, context)
  const bare = ({ epoch, loss, top1, lr }: (typeof resumed.epochs)[number]) => ({ epoch, loss, top1, lr })
  expect(resumed.epochs.map(bare)).toEqual(undisturbed.epochs.map(bare))
})

test('a result that does not fit is a named failure; giving the command again only writes it', async (test) => {
  if (skipped) return test.skip(skipped)
  const backend = await openWasm()
  const request = { model, data, recipe, checkpoints: join(folder, 'b'), out: join(disk, 'b.onnx') }
  await rm(join(disk, 'checkpoints'), { recursive: true, force: true })
  size(8, 'remount')
  const failure = await failureOf(trainModel(backend, request, context))
  expect(failure).toMatchObject({ kind: 'work', code: 'disk-full' })
  expect(failure!.message).toContain(request.out)
  expect(await readdir(disk)).toEqual([])

  size(4096, 'remount')
  expect(await trainModel(backend, request, context)).toMatchObject({ resumedFrom: 3, epochs: [{}, {}, {}] })
  expect((await loadOnnx(request.out)).nodes.length).toBeGreaterThan(0)
})
