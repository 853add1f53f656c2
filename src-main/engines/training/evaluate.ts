import { readBatch } from '../../datasets/batches'
import type { Normalization, Split } from '../../datasets/dataset'
import { openDataset } from '../../datasets/open'
import type { EvaluateRequest, EvaluateResult } from '../interface'
import type { CallContext } from '../process/handlers'
import { checkImages, loadNetwork, spread } from './images'
import { LoadedModel } from './model'
import type { Backend } from './session'

const BATCH = 256

/** How many of the predictions put the label first, and among the first five. Ties count against the network. */
export function countCorrect(logits: Float32Array, labels: Int32Array): { top1: number; top5: number } {
  const classes = logits.length / labels.length
  let top1 = 0
  let top5 = 0
  labels.forEach((label, i) => {
    const row = logits.subarray(i * classes, (i + 1) * classes)
    let above = 0
    for (let c = 0; c < classes; c++) if (c !== label && !(row[c] < row[label])) above++
    if (above === 0) top1++
    if (above < 5) top5++
  })
  return { top1, top5 }
}

/** Top-1 and top-5 of a loaded model on a split, as fractions. `onBatch` is awaited between batches; it may throw. */
export async function accuracy(
  model: LoadedModel,
  split: Split,
  normalization: Normalization,
  onBatch: (done: number, total: number) => Promise<void>,
  limit?: number,
): Promise<{ top1: number; top5: number; images: number }> {
  const indices = spread(split.size, limit)
  const images = indices.length
  const correct = { top1: 0, top5: 0 }
  for (let from = 0; from < images; from += BATCH) {
    const batch = readBatch(split, indices.subarray(from, from + BATCH), { normalization, layout: 'NHWC' })
    const { top1, top5 } = countCorrect(model.logits(batch.images, batch.size), batch.labels)
    correct.top1 += top1
    correct.top5 += top5
    await onBatch(from + batch.size, images)
  }
  return { top1: correct.top1 / images, top5: correct.top5 / images, images }
}

/** @throws LupineError of the model or the data set; 'engine-op-unsupported'; 'input-shape'; 'interrupted' */
export async function evaluateModel(
  backend: Backend,
  request: EvaluateRequest,
  context: CallContext<{ done: number; total: number }>,
): Promise<EvaluateResult> {
  const start = performance.now()
  const network = await loadNetwork(request.model)
  const dataset = await openDataset(request.data.address)
  checkImages(network, dataset, request.model)
  const model = new LoadedModel(backend, network)
  try {
    const onBatch = (done: number, total: number) => {
      context.progress({ done, total })
      return context.breathe()
    }
    const split = dataset.splits[request.split]
    const result = await accuracy(model, split, request.data.normalization, onBatch, request.limit)
    return { ...result, seconds: (performance.now() - start) / 1000 }
  } finally {
    model.close()
  }
}
