import { fail } from '../../core/failure'
import type { Network } from '../../core/graph/network'
import { createBatcher, type Batcher } from '../../datasets/batches'
import { openDataset } from '../../datasets/open'
import { readModelBytes, saveOnnx } from '../../formats/onnx/files'
import type { EpochRecord, Recipe, TrainProgress, TrainRequest, TrainResult } from '../interface'
import type { CallContext } from '../process/handlers'
import { loadCheckpoint, recipeHash, saveCheckpoint } from './checkpoint'
import { accuracy } from './evaluate'
import { checkImages, loadNetwork } from './images'
import { LoadedModel } from './model'
import { learningRateAt } from './schedule'
import type { Backend } from './session'

type Context = CallContext<TrainProgress>

/**
 * Trains a model on a data set, epoch by epoch, and writes the result. Goes on from a checkpoint of the same recipe,
 * model, teacher and data when `checkpoints` holds one.
 * @throws LupineError of the model or the data set; 'engine-op-unsupported'; 'input-shape'; 'training-diverged' when
 *   the loss is no longer a number (the last good checkpoint stays); 'interrupted' between two steps
 */
export async function trainModel(backend: Backend, request: TrainRequest, context: Context): Promise<TrainResult> {
  const { recipe, data, checkpoints: folder } = request
  const hash = recipeHash(
    JSON.stringify([recipe, data]),
    await readModelBytes(request.model),
    request.teacher ? await readModelBytes(request.teacher) : '',
  )
  const dataset = await openDataset(data.address)
  const original = await loadNetwork(request.model)
  checkImages(original, dataset, request.model)
  const teacher = request.teacher && recipe.distillation > 0 ? await loadNetwork(request.teacher) : undefined
  const last = folder ? await loadCheckpoint(folder, hash) : undefined

  const batcher = createBatcher(dataset.splits.train, {
    batch: recipe.batch,
    normalization: data.normalization,
    layout: 'NHWC',
    augment: { crop: recipe.crop, flip: recipe.flip },
    seed: recipe.seed,
    shuffle: true,
    limit: recipe.limit,
    // A short last batch would have noisy statistics, and costs TensorFlow a second set of prepared kernels.
    dropLast: Math.min(recipe.limit ?? Infinity, dataset.splits.train.size) >= recipe.batch,
  })
  const model = open(backend, last?.network ?? original, teacher, recipe, last?.velocities)
  try {
    const validate = async () =>
      (await accuracy(model, dataset.splits.validation, data.normalization, () => context.breathe())).top1
    const before = last?.before ?? (await validate())
    const records: EpochRecord[] = [...(last?.records ?? [])]
    for (let epoch = (last?.epoch ?? 0) + 1; epoch <= recipe.epochs; epoch++) {
      const trained = await trainEpoch(model, batcher, recipe, epoch, context)
      const record: EpochRecord = { epoch, ...trained, top1: await validate() }
      records.push(record)
      const network = model.read()
      checkFinite(model, network, epoch)
      if (folder)
        await saveCheckpoint(folder, {
          ...{ recipe: hash, epoch, network, records, before },
          velocities: model.readVelocities(),
        })
      context.progress({
        ...{ epoch, epochs: recipe.epochs, step: batcher.batches, steps: batcher.batches, loss: record.loss },
        record,
      })
    }
    await saveOnnx(request.out, model.read())
    return {
      epochs: records,
      top1: { before, after: records.at(-1)?.top1 ?? before },
      imagesPerSecond: mean(records.map((record) => record.imagesPerSecond)),
      engine: backend.describe(),
      resumedFrom: last?.epoch ?? 0,
    }
  } finally {
    model.close()
  }
}

function open(
  backend: Backend,
  network: Network,
  teacher: Network | undefined,
  recipe: Recipe,
  velocities: ReadonlyMap<string, Float32Array> | undefined,
): LoadedModel {
  const { momentum, nesterov, weightDecay, distillation, temperature } = recipe
  const training = { momentum, nesterov, weightDecay, distillation, temperature, teacher }
  return new LoadedModel(backend, network, { training }, velocities)
}

/**
 * One pass over the training images. Pauses between steps do not count in the speed. Preparing a batch of CIFAR images
 * takes 1.4 ms of CPU against 110 ms and more for a step of ResNet-20, so it happens here and not in a thread of its own.
 */
async function trainEpoch(model: LoadedModel, batcher: Batcher, recipe: Recipe, epoch: number, context: Context) {
  const steps = batcher.batches
  let sum = 0
  let images = 0
  let milliseconds = 0
  let step = 0
  let lr = 0
  let start = performance.now()
  for (const batch of batcher.epoch(epoch, batcher.buffers())) {
    lr = learningRateAt((epoch - 1) * steps + step, steps, recipe)
    const loss = model.step(batch.images, batch.labels, lr)
    if (!Number.isFinite(loss)) throw diverged(epoch, step + 1)
    sum += loss * batch.size
    images += batch.size
    step++
    milliseconds += performance.now() - start
    context.progress({ epoch, epochs: recipe.epochs, step, steps, loss: sum / images })
    await context.breathe()
    start = performance.now()
  }
  return { loss: sum / images, lr, imagesPerSecond: (images / milliseconds) * 1000 }
}

/** The last step of an epoch may have spoilt the weights after its loss was computed. */
function checkFinite(model: LoadedModel, network: Network, epoch: number): void {
  for (const { tensor, owner } of model.compiled.variables)
    if (owner === 'network' && !(network.initializers.get(tensor)!.data as Float32Array).every(Number.isFinite))
      throw diverged(epoch, undefined)
}

const diverged = (epoch: number, step: number | undefined) =>
  fail(
    'work',
    'training-diverged',
    `Training diverged in epoch ${epoch}${step ? `, step ${step}` : ''}: the loss is no longer a number.`,
    'Start again with a lower learning rate or a longer warm-up; the last good checkpoint was kept.',
  )

const mean = (values: readonly number[]): number =>
  values.length ? values.reduce((a, b) => a + b, 0) / values.length : 0
