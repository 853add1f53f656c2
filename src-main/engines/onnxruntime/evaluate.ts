import { LoaderThreads } from '../../datasets/loading/threads'
import { splitOf } from '../../datasets/open'
import { loadOnnx } from '../../formats/onnx/files'
import type { EvaluateRequest, EvaluateResult } from '../interface'
import { beforeFinalActivation } from '../../core/graph/outputs'
import { needLabels, openImages } from '../images'
import { classify } from './classify'
import { batchFor, streamImages } from './images'
import { labelRank } from './outputs'

/**
 * Top-1 and top-5 of a classifier on a split.
 * @throws LupineError of the model or the data set; 'input-shape' when the images do not fit the network
 */
export async function evaluateModel(
  request: EvaluateRequest & { threads?: number },
  onProgress: (progress: { done: number; total: number }) => void,
  breathe: () => Promise<void> = () => Promise.resolve(),
): Promise<EvaluateResult> {
  const start = Date.now()
  const network = beforeFinalActivation(await loadOnnx(request.model))
  const dataset = await openImages(network, request.data.address, request.model)
  needLabels(dataset, 'accuracy')
  const threads = new LoaderThreads()
  try {
    const images = streamImages(threads, splitOf(dataset, request.split), request.data.normalization, request.limit)
    const { values, width, labels } = await classify(
      network,
      images,
      request.threads ?? 0,
      batchFor(images.shape),
      (done) => {
        onProgress({ done, total: images.size })
        return breathe()
      },
    )
    let top1 = 0
    let top5 = 0
    const tally = dataset.classes.map((name) => ({ name, images: 0, right: 0 }))
    labels.forEach((label, i) => {
      const rank = labelRank(values, i, width, label)
      const own = tally[label]
      if (own) own.images++
      if (own && rank === 0) own.right++
      if (rank === 0) top1++
      if (rank < 5) top5++
    })
    return {
      top1: top1 / labels.length,
      top5: top5 / labels.length,
      images: labels.length,
      perClass: tally.map(({ name, images, right }) => ({ name, images, top1: images > 0 ? right / images : 0 })),
      seconds: (Date.now() - start) / 1000,
      warnings: [...dataset.notes, ...images.warnings()],
    }
  } finally {
    await threads.close()
  }
}
