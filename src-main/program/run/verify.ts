import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fixedBatch, withOpenBatch } from '../../core/graph/batch'
import { networkCost } from '../../core/graph/cost'
import { inferShapes } from '../../core/graph/shapes'
import type { Device } from '../../devices/device'
import { describeSamples, ratiosAt } from '../../devices/measuring/summary'
import { inputShape, tailEffort } from '../../devices/oracle'
import { loadOnnx, readModelBytes, saveOnnx, writeAtomically } from '../../formats/onnx/files'
import { compareNetworks, compareWithDevice, readFloats } from '../compare'
import type { TrainingEngine } from '../engine-choice'
import { withOnnxruntime } from '../onnxruntime'
import type { Imported, RunScene } from './scene'

/** Agreement of the exported file, in the device's runtime, with the engine that trained it, on test images. */
export async function agreementStage(
  { files }: RunScene,
  imported: Imported,
  engine: TrainingEngine,
): Promise<{ maxAbsDiff: number; top1: number }> {
  const input = join(files.root, 'verify-input.f32')
  try {
    return await withOnnxruntime(async (ort) => {
      const network = withOpenBatch(await loadOnnx(files.model))
      const images = {
        ...{ model: files.original, data: imported.data, split: 'test' as const },
        ...{ limit: fixedBatch(network) ?? 128, out: input },
      }
      const { shape } = await ort.call('writeImages', images)
      const { maxAbsDiff, top1 } = await compareNetworks({ network, run: engine }, { network, run: ort }, shape, input)
      return { maxAbsDiff, top1 }
    })
  } finally {
    await rm(input, { force: true })
  }
}

/** Images that travel: enough to see a difference, few enough for a slow line. */
const travelling = 8

/**
 * The result on a device that is another computer, on test images: its outputs against this computer's onnxruntime.
 * Undefined where the device runs nothing of its own.
 */
export async function deviceAgreement({ files, job }: RunScene, imported: Imported, device: Device) {
  if (!device.apart || !device.forward) return undefined
  const folder = await mkdtemp(join(tmpdir(), 'lupine-verify-'))
  try {
    return await withOnnxruntime(async (ort) => {
      const network = withOpenBatch(await loadOnnx(files.model))
      const [input, model] = [join(folder, 'input.f32'), join(folder, 'model.onnx')]
      await saveOnnx(model, network)
      const limit = fixedBatch(network) ?? travelling
      const images = { model: files.original, data: imported.data, split: 'test' as const, limit, out: input }
      const { shape } = await ort.call('writeImages', images)
      job.progress('verify', { done: 0, total: 1, detail: 'running the result on the device' })
      const here = await ort.call('forward', { model, input, shape, into: folder })
      const there = await device.forward!(model, await readFloats(input), shape)
      return { ...(await compareWithDevice(here.outputs, there)), images: shape[0]! }
    }, job)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const compared = ['original', 'result', 'given'] as const

/** Latencies of original, result and file as given: interleaved, in fresh processes, raw samples kept. */
export async function latencyStage({ request, files, job }: RunScene, device: Device) {
  const original = await loadOnnx(files.original)
  const shape = inputShape({ network: original, shapes: inferShapes(original) })
  const { percentile } = request.budget
  const raw = await device.measure([files.original, files.model, files.given], shape, {
    ...(percentile === undefined ? { processes: 5, rounds: 25, slice: 12 } : tailEffort(percentile)),
    seed: request.seed + 7,
    names: [...compared],
    cancellation: job,
    onProgress: (done, total) =>
      job.progress('verify', { done, total: total * 2, detail: 'measuring in fresh processes' }),
  })
  await writeAtomically(join(files.measurements, 'verify.json'), JSON.stringify({ ...raw, models: compared }))
  const [, result, given] = ratiosAt(raw, percentile)
  const samples = (model: number) => describeSamples(raw.processes.flatMap((process) => process.samples[model]!))
  return {
    device: raw.device,
    state: raw.state,
    original: samples(0),
    result: samples(1),
    measured: result!.ratio,
    given: given!.ratio,
  }
}

/** Test accuracy of original and result, in all and class by class: the test set is touched here, once. */
export async function accuracyStage({ files, job }: RunScene, imported: Imported) {
  return withOnnxruntime(async (ort) => {
    const evaluate = (model: string, half: number) =>
      ort.call(
        'evaluate',
        { model, data: imported.data, split: 'test' },
        {
          signal: job.signal,
          onProgress: ({ done, total }) =>
            job.progress('verify', { done: (2 + half + done / total) * 100, total: 400, detail: 'test accuracy' }),
        },
      )
    const [before, after] = [await evaluate(files.original, 0), await evaluate(files.model, 1)]
    const perClass = (before.perClass ?? []).map(({ name, images, top1 }, i) => {
      return { name, images, before: top1, after: after.perClass?.[i]?.top1 ?? 0 }
    })
    return { before: before.top1, after: after.top1, images: after.images, perClass }
  }, job)
}

/** MACs, parameters and file size of a model file. */
export async function sizeOf(path: string): Promise<{ macs: number; params: number; bytes: number }> {
  const bytes = (await readModelBytes(path)).byteLength
  const { macs, params } = networkCost(await loadOnnx(path))
  return { macs, params, bytes }
}
