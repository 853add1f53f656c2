import { fail } from '../../core/failure'
import { openDataset } from '../../datasets/open'
import { loadOnnx } from '../../formats/onnx/files'
import type { EvaluateRequest, EvaluateResult } from '../interface'
import { classify } from './classify'
import { loadImages } from './images'
import { beforeFinalActivation } from '../../core/graph/outputs'
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
  const dataset = await openDataset(request.data.address)
  const input = network.inputs[0]!
  const image = [dataset.channels, dataset.height, dataset.width]
  const wanted = input.shape?.slice(1)
  if (wanted?.some((dim, i) => typeof dim === 'number' && dim !== image[i]))
    throw fail(
      'input',
      'input-shape',
      `${request.model} takes images of ${wanted.join('×')} but ${request.data.address} has ${image.join('×')} (channels × height × width).`,
      'Use the data set the network was trained for.',
    )
  const split = dataset.splits[request.split]
  const loaded = loadImages(dataset, split, request.data.normalization, request.limit)
  const { values, width } = await classify(network, loaded, request.threads ?? 0, 128, (done) => {
    onProgress({ done, total: loaded.size })
    return breathe()
  })
  let top1 = 0
  let top5 = 0
  for (let i = 0; i < loaded.size; i++) {
    const rank = labelRank(values, i, width, loaded.labels[i]!)
    if (rank === 0) top1++
    if (rank < 5) top5++
  }
  return {
    top1: top1 / loaded.size,
    top5: top5 / loaded.size,
    images: loaded.size,
    seconds: (Date.now() - start) / 1000,
  }
}
