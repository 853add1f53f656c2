/** Training on images without labels: by distillation alone, judged by agreement with the teacher. */
import type { Network } from '../../core/graph/network'
import type { Dataset, Normalization, Split } from '../../datasets/dataset'
import { openLoader } from '../../datasets/loading/loader'
import type { LoaderThreads } from '../../datasets/loading/threads'
import { inBatches, spread } from '../../datasets/order'
import { LAYOUT } from '../compiler/layout'
import { needLabels } from '../images'
import type { Recipe } from '../interface'
import { batchFor } from './images'
import { LoadedModel } from './model'
import type { Backend } from './session'

/**
 * The recipe for a data set: without labels the teacher's outputs are all there is to learn from.
 * @throws LupineError input 'labels-missing' when there are neither labels nor a teacher
 */
export function recipeFor(dataset: Dataset, recipe: Recipe, teacher: string | undefined): Recipe {
  if (dataset.classes.length > 0) return recipe
  if (!teacher) needLabels(dataset, 'training without a teacher', 'Name the network to learn from: --teacher MODEL.')
  return { ...recipe, distillation: 1 }
}

/** The split with the teacher's first choices for labels. @throws LupineError input 'dataset-damaged'; 'interrupted' */
export async function labelledBy(
  backend: Backend,
  teacher: Network,
  threads: LoaderThreads,
  split: Split,
  normalization: Normalization,
  breathe: () => Promise<void>,
): Promise<Split> {
  const labels = new Int32Array(split.size).fill(-1)
  const model = new LoadedModel(backend, teacher)
  const loader = openLoader(threads, split, { normalization, layout: LAYOUT })
  try {
    for await (const batch of loader.batches(inBatches(spread(split.size), batchFor(split.shape)))) {
      const logits = model.logits(batch.images, batch.size)
      const classes = logits.length / batch.size
      batch.indices.forEach((index, i) => {
        const row = logits.subarray(i * classes, (i + 1) * classes)
        labels[index] = row.indexOf(Math.max(...row))
      })
      await breathe()
    }
  } finally {
    loader.close()
    model.close()
  }
  return { size: split.size, shape: split.shape, source: split.source, labels }
}
