import { rm } from 'node:fs/promises'
import { saveOnnx, loadOnnx } from '../formats/onnx/files'
import { fail } from '../core/failure'
import { cleanNetwork } from '../core/graph/clean'
import type { JobResult, RecipeName } from '../contract'
import type {
  EngineDescription,
  EpochRecord,
  Precision,
  PrunedRecord,
  TrainRequest,
  TrainResult,
} from '../engines/interface'
import type { JobContext } from '../runs/job'
import { normalizeKey, resolveData } from './data-source'
import { chooseEngine, type TrainingEngine } from './engine-choice'
import { publishedRecipe, publishedRecipes } from './published-recipes'
import { finetuneRecipe, flipsFor, recipeChanges, type RecipeChanges } from './recipes'

/** After zod's defaults. */
export interface FinetuneRequest extends RecipeChanges {
  readonly model: string
  readonly data: string
  readonly epochs?: number | undefined
  readonly recipe?: RecipeName | undefined
  readonly teacher?: string | undefined
  readonly normalize?: string | undefined
  readonly engine?: 'tensorflow' | 'wasm' | undefined
  readonly learningRate?: number | undefined
  readonly batch?: number | undefined
  readonly trainImages?: number | undefined
  readonly seed: number
  readonly out: string
}

/**
 * `finetune MODEL --data DATA --epochs N [--teacher MODEL] --out FILE`. Interrupted, it leaves checkpoints beside
 * `out` and goes on from them when started again.
 * @throws LupineError of the model, the data or the engine
 */
export async function finetuneJob(request: FinetuneRequest, job: JobContext): Promise<JobResult<'finetune'>> {
  const published = request.recipe && publishedRecipe(request.recipe, request.epochs)
  const epochs = published?.epochs ?? request.epochs
  if (epochs === undefined)
    throw fail('usage', 'epochs-missing', 'Nothing says how long to train.', 'Give --epochs N, or a --recipe.')
  if (request.recipe) job.note('info', `As in ${publishedRecipes[request.recipe].from}: ${epochs} epochs.`)
  // A pruned model carries the normalisation; before Lupine touched it, the teacher is the better witness.
  const data = await resolveData(request.teacher ?? request.model, request.data, request.normalize)
  if (data.note) job.note('info', data.note)
  const engine = await chooseEngine(request.engine, job, request.precision)
  if (engine.note) job.note('warning', engine.note)
  job.onPause((paused) => engine.handle.pause(paused))
  const checkpoints = `${request.out}.checkpoints`
  const cleaned = `${request.out}.start.onnx`
  try {
    await saveOnnx(cleaned, cleanNetwork(await loadOnnx(request.model)))
    const { learningRate, batch, trainImages: limit } = request
    const changes = {
      ...published,
      flip: flipsFor(request.data),
      ...(learningRate && { learningRate }),
      ...(batch && { batch }),
      ...(limit && { limit }),
      ...recipeChanges(request),
    }
    const result = await train(
      engine.handle,
      {
        model: cleaned,
        ...(request.teacher ? { teacher: request.teacher } : {}),
        data: data.source,
        recipe: finetuneRecipe(epochs, request.seed, changes),
        checkpoints,
        out: request.out,
      },
      job,
      'finetune',
    )
    await stampNormalization(request.out, data.normalize)
    await rm(checkpoints, { recursive: true, force: true })
    return { ...result, engine: describeEngine(result.engine, result.precision) }
  } finally {
    await rm(cleaned, { force: true })
    await engine.handle.stop()
  }
}

/** `train MODEL`: from scratch; the normalisation must be said, there is nothing to find it by. */
export const trainJob = (request: FinetuneRequest, job: JobContext): Promise<JobResult<'train'>> =>
  finetuneJob(
    { ...(!request.recipe && { learningRate: 0.1 }), ...request, normalize: request.normalize ?? 'half' },
    job,
  )

/** Writes into the model which normalisation it expects. */
export async function stampNormalization(model: string, normalize: string): Promise<void> {
  const network = await loadOnnx(model)
  await saveOnnx(model, { ...network, metadata: { ...network.metadata, [normalizeKey]: normalize } })
}

/** "tensorflow 2.21.0 (cpu)", or of a training "tensorflow 2.21.0 (cpu, bfloat16)" */
export const describeEngine = ({ engine, version, device }: EngineDescription, precision?: Precision): string =>
  `${engine} ${version} (${[device, ...(precision ? [precision] : [])].join(', ')})`

/** Trains in an engine process, with the job's progress and cancellation. */
export async function train(
  engine: TrainingEngine,
  request: TrainRequest,
  job: JobContext,
  stage: string,
): Promise<TrainResult> {
  const stopListening = job.onConclude(() => engine.conclude())
  const training = engine.call('train', request, {
    signal: job.signal,
    onProgress({ epoch, epochs, step, steps, loss, record }) {
      job.progress(stage, {
        done: (epoch - 1) * steps + step,
        total: epochs * steps,
        detail: `epoch ${epoch}/${epochs}, loss ${loss.toFixed(3)}`,
        data: record ? { epoch: record } : { step: { epoch, done: step / steps, loss } },
      })
      if (record) job.note('info', describeEpoch(record, epochs))
    },
  })
  const result = await training.finally(stopListening)
  if (result.concluded) job.note('info', `Ended early, as asked: the weights of epoch ${result.kept.epoch} are kept.`)
  for (const warning of result.warnings) job.note('warning', warning)
  return result
}

const describeEpoch = ({ epoch, loss, top1, imagesPerSecond, pruned }: EpochRecord, epochs: number): string =>
  `epoch ${epoch}/${epochs}: loss ${loss.toFixed(3)}, validation top-1 ${(top1 * 100).toFixed(2)} %, ${Math.round(imagesPerSecond)} images/s${pruned ? describePruned(pruned) : ''}`

/** What the epoch's end pruned; top-1 is of the network after it. */
function describePruned({ rate, alpha, lambda, soft, hard, zero, small }: PrunedRecord): string {
  if (zero !== undefined)
    return `; BN scales at zero ${(zero * 100).toFixed(1)} %, below 0.01 ${((small ?? 0) * 100).toFixed(1)} %`
  const schedule = `rate ${rate?.toFixed(3)}, α ${alpha?.toPrecision(2)}, λ ${lambda?.toFixed(3)}`
  return `; ${soft} filters masked, ${hard} of them for good (${schedule})`
}
