import type { Normalization, Split } from '../../datasets/dataset'
import { openLoader, unreadableNotes } from '../../datasets/loading/loader'
import { LoaderThreads } from '../../datasets/loading/threads'
import { splitOf } from '../../datasets/open'
import { inBatches, spread } from '../../datasets/order'
import { LAYOUT } from '../compiler/layout'
import { needLabels, openImages } from '../images'
import type { EvaluateRequest, EvaluateResult } from '../interface'
import type { CallContext } from '../process/handlers'
import { batchFor, loadNetwork } from './images'
import { LoadedModel } from './model'
import type { Backend } from './session'

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

/**
 * Top-1 and top-5 of a loaded model on a split, as fractions. `onBatch` is awaited between batches; it may throw.
 * @throws LupineError input 'dataset-damaged'
 */
export async function accuracy(
  model: LoadedModel,
  threads: LoaderThreads,
  split: Split,
  normalization: Normalization,
  onBatch: (done: number, total: number) => Promise<void>,
  limit?: number,
): Promise<{ top1: number; top5: number; images: number; warnings: string[] }> {
  const indices = spread(split.size, limit)
  const correct = { top1: 0, top5: 0 }
  const loader = openLoader(threads, split, { normalization, layout: LAYOUT })
  let images = 0
  try {
    for await (const batch of loader.batches(inBatches(indices, batchFor(split.shape)))) {
      const { top1, top5 } = countCorrect(model.logits(batch.images, batch.size), batch.labels)
      correct.top1 += top1
      correct.top5 += top5
      images += batch.size
      await onBatch(images, indices.length)
    }
  } finally {
    loader.close()
  }
  const warnings = unreadableNotes(loader.unreadable)
  return { top1: correct.top1 / images, top5: correct.top5 / images, images, warnings }
}

/** @throws LupineError of the model or the data set; 'engine-op-unsupported'; 'input-shape'; 'interrupted' */
export async function evaluateModel(
  backend: Backend,
  request: EvaluateRequest,
  context: CallContext<{ done: number; total: number }>,
): Promise<EvaluateResult> {
  const start = performance.now()
  const network = await loadNetwork(request.model)
  const dataset = await openImages(network, request.data.address, request.model, context.signal)
  needLabels(dataset, 'accuracy')
  const split = splitOf(dataset, request.split)
  const model = new LoadedModel(backend, network)
  const threads = new LoaderThreads()
  try {
    const onBatch = (done: number, total: number) => {
      context.progress({ done, total })
      return context.breathe()
    }
    const result = await accuracy(model, threads, split, request.data.normalization, onBatch, request.limit)
    const warnings = [...dataset.notes, ...result.warnings]
    return { ...result, warnings, seconds: (performance.now() - start) / 1000 }
  } finally {
    model.close()
    await threads.close()
  }
}
