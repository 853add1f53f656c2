import { fail, type LupineError } from '../../core/failure'
import type { Network } from '../../core/graph/network'
import { openLoader, unreadableNotes, type Loader } from '../../datasets/loading/loader'
import { LoaderThreads } from '../../datasets/loading/threads'
import { splitOf } from '../../datasets/open'
import { createOrder, type Order } from '../../datasets/order'
import { readModelBytes, saveOnnx } from '../../formats/onnx/files'
import { LAYOUT } from '../compiler/layout'
import type { EpochRecord, Recipe, TrainProgress, TrainRequest, TrainResult } from '../interface'
import { openImages } from '../images'
import type { CallContext } from '../process/handlers'
import { recipeHash } from './checkpoint'
import { Checkpoints } from './checkpoints'
import { accuracy } from './evaluate'
import { loadNetwork } from './images'
import { LoadedModel } from './model'
import { hasStalled, keepRule, learningRateAt } from './schedule'
import { openRegime, type Regime } from './regime'
import type { Backend } from './session'
import { labelledBy, recipeFor } from './unlabelled'

type Context = CallContext<TrainProgress>

/**
 * Trains a model on a data set, epoch by epoch, and writes the result. Goes on from a checkpoint of the same recipe,
 * model, teacher and data when `checkpoints` holds one.
 * @throws LupineError of the model or the data set; 'engine-op-unsupported'; 'input-shape'; 'training-diverged' when
 *   the loss is no longer a number (the last good checkpoint stays); 'interrupted' between two steps
 */
export async function trainModel(backend: Backend, request: TrainRequest, context: Context): Promise<TrainResult> {
  const { data, checkpoints: folder } = request
  const hash = recipeHash(
    JSON.stringify([request.recipe, data, ...(request.regime ? [request.regime] : [])]),
    await readModelBytes(request.model),
    request.teacher ? await readModelBytes(request.teacher) : '',
  )
  const original = await loadNetwork(request.model)
  const dataset = await openImages(original, data.address, request.model, context.signal)
  const asked = recipeFor(dataset, request.recipe, request.teacher)
  const recipe = { ...asked, precision: asked.precision ?? backend.describe().precisions[0] ?? 'float32' }
  const [images, validation] = [splitOf(dataset, 'train'), splitOf(dataset, 'validation')]
  const teacher = request.teacher && recipe.distillation > 0 ? await loadNetwork(request.teacher) : undefined
  const checkpoints = folder ? new Checkpoints(folder, hash) : undefined
  const { last, best: bestBefore, notes } = (await checkpoints?.find()) ?? { notes: [] }

  const diverged = divergence(() => checkpoints?.newest)
  const order = createOrder(images.size, {
    batch: recipe.batch,
    seed: recipe.seed,
    shuffle: true,
    limit: recipe.limit,
    // A short last batch would have noisy statistics, and costs TensorFlow a second set of prepared kernels.
    dropLast: Math.min(recipe.limit ?? Infinity, images.size) >= recipe.batch,
  })
  const { normalization } = data
  const regime = request.regime && openRegime(request.regime, original)
  const model = open(backend, last?.network ?? original, teacher, recipe, regime, last?.velocities)
  const threads = new LoaderThreads()
  const warnings = new Set([...dataset.notes, ...notes])
  try {
    const loader = openLoader(threads, images, {
      ...{ normalization, layout: LAYOUT, seed: recipe.seed, replace: true },
      augment: { crop: recipe.crop, flip: recipe.flip, cutout: recipe.cutout ?? 0 },
    })
    let held = validation
    if (dataset.classes.length === 0 && teacher) {
      held = await labelledBy(backend, teacher, threads, validation, normalization, () => context.breathe())
      warnings.add('The images have no labels: top-1 is the share on which network and teacher agree.')
    }
    const validate = async () => {
      const judged = await accuracy(model, threads, held, normalization, () => context.breathe(), request.judgedOn)
      for (const warning of judged.warnings) warnings.add(warning)
      return judged.top1
    }
    const before = last?.before ?? (await validate())
    if (last) regime?.resume(model, last)
    else regime?.begin(model)
    const records: EpochRecord[] = [...(last?.records ?? [])]
    let best = bestBefore
    const stalled = () =>
      hasStalled(
        records.map((record) => record.top1),
        // Early epochs of a regime look better: less is pruned.
        regime ? undefined : recipe.patience,
      )
    let concluded = false
    for (let epoch = (last?.epoch ?? 0) + 1; epoch <= recipe.epochs && !stalled() && !concluded; epoch++) {
      const trained = await trainEpoch(model, loader, order, recipe, epoch, context, diverged)
      const pruned = regime?.afterEpoch(model, epoch - 1)
      const record: EpochRecord = { epoch, ...trained, top1: await validate(), ...(pruned && { pruned }) }
      records.push(record)
      const network = model.read()
      if (!isFinite(model, network)) throw diverged({ epoch, lr: record.lr })
      if (!best || record.top1 > best.top1) best = { epoch, top1: record.top1, network }
      const state = { velocities: model.readVelocities(), ...(regime && { regime: regime.state() }) }
      await checkpoints?.save({ epoch, network, records, before, ...state }, best.epoch)
      context.progress({
        ...{ epoch, epochs: recipe.epochs, step: order.batches, steps: order.batches, loss: record.loss },
        record,
      })
      concluded = !!context.concluding?.() && epoch < recipe.epochs
    }
    // In the middle of its schedule the last epoch is not where a training is at its best.
    const rule = regime ? 'last' : concluded ? 'best' : keepRule(recipe)
    await saveOnnx(request.out, rule === 'best' && best ? best.network : model.read())
    const kept = rule === 'best' && best ? best.epoch : (records.at(-1)?.epoch ?? 0)
    return {
      epochs: records,
      top1: { before, after: records.find(({ epoch }) => epoch === kept)?.top1 ?? before },
      kept: { epoch: kept, rule },
      imagesPerSecond: mean(records.map((record) => record.imagesPerSecond)),
      engine: backend.describe(),
      precision: recipe.precision,
      resumedFrom: last?.epoch ?? 0,
      judgedBy: dataset.classes.length === 0 ? 'teacher' : 'labels',
      warnings: [...warnings, ...unreadableNotes(loader.unreadable)],
      ...(regime && { pruned: regime.pruned() }),
      ...(concluded && { concluded }),
    }
  } finally {
    model.close()
    await threads.close()
  }
}

function open(
  backend: Backend,
  network: Network,
  teacher: Network | undefined,
  recipe: Recipe,
  regime: Regime | undefined,
  velocities: ReadonlyMap<string, Float32Array> | undefined,
): LoadedModel {
  const { momentum, nesterov, weightDecay, distillation, temperature, labelSmoothing, precision } = recipe
  const training = {
    ...{ momentum, nesterov, weightDecay, distillation, temperature, labelSmoothing, precision, teacher },
    ...regime?.options,
  }
  return new LoadedModel(backend, network, { training }, velocities)
}

/**
 * One pass over the training images, which loader threads read ahead. Waiting for them counts in the speed, pauses
 * between steps do not.
 */
async function trainEpoch(
  model: LoadedModel,
  loader: Loader,
  order: Order,
  recipe: Recipe,
  epoch: number,
  context: Context,
  diverged: Diverged,
) {
  const steps = order.batches
  let sum = 0
  let images = 0
  let milliseconds = 0
  let step = 0
  let lr = 0
  let start = performance.now()
  for await (const batch of loader.batches(order.epoch(epoch), epoch)) {
    lr = learningRateAt((epoch - 1) * steps + step, steps, recipe)
    const loss = model.step(batch.images, batch.labels, lr)
    if (!Number.isFinite(loss)) throw diverged({ epoch, step: step + 1, lr })
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
const isFinite = (model: LoadedModel, network: Network): boolean =>
  model.compiled.variables.every(
    ({ tensor, owner }) =>
      owner !== 'network' || (network.initializers.get(tensor)!.data as Float32Array).every(Number.isFinite),
  )

type Diverged = (where: { readonly epoch: number; readonly step?: number; readonly lr: number }) => LupineError

/** @param checkpoint folder of the last good one, where there is any */
const divergence =
  (checkpoint: () => string | undefined): Diverged =>
  ({ epoch, step, lr }) => {
    const good = checkpoint()
    const kept = good ? `The last good checkpoint is ${good}.` : 'There is no checkpoint before it.'
    return fail(
      'work',
      'training-diverged',
      `Training diverged in epoch ${epoch}${step ? `, step ${step}` : ''}, at a learning rate of ${Number(lr.toPrecision(3))}: the loss is no longer a number.`,
      `Start again with a lower learning rate or a longer warm-up. ${kept}`,
    )
  }

const mean = (values: readonly number[]): number =>
  values.length ? values.reduce((a, b) => a + b, 0) / values.length : 0
