import type { Network } from '../../core/graph/network'
import type { Dataset, Normalization } from '../../datasets/dataset'
import { formatNormalization, normalizationPresets } from '../../datasets/normalization'
import { loadOnnx } from '../../formats/onnx/files'
import { classify } from './classify'
import { openImages, needLabels } from '../images'
import { batchFor, holdImages } from './images'
import { beforeFinalActivation } from '../../core/graph/outputs'
import { labelRank, softmaxRows } from './outputs'

export interface DetectedNormalization {
  readonly normalize: string
  /** Top-1 on training images with it… */
  readonly top1: number
  /** …mean negative log-likelihood of the labels, nats… */
  readonly loss: number
  /** …and the same with the next best. */
  readonly next: { readonly normalize: string; readonly loss: number }
}

/**
 * Which of the common normalisations a network was trained with: the one under which it is surest of the labels of
 * some training images. Top-1 would tie: a trained network gets all of them right under any that is close.
 */
export async function detectNormalization(model: string, address: string): Promise<DetectedNormalization> {
  const network = beforeFinalActivation(await loadOnnx(model))
  const dataset = await openImages(network, address, model)
  needLabels(dataset, 'finding the normalisation', 'Say it with --normalize, for example --normalize imagenet.')
  const presets = Object.values(normalizationPresets).map(({ mean, std }) => ({
    mean: mean.slice(0, dataset.channels),
    std: std.slice(0, dataset.channels),
  }))
  const rough = await judge(network, dataset, presets, 256)
  // imagenet's and cifar10's figures are close: the two best are told apart on more images.
  const [best, next] = await judge(
    network,
    dataset,
    rough.slice(0, 2).map(({ normalization }) => normalization),
    2048,
  )
  const named = ({ normalization, top1, loss }: Judged) => ({
    normalize: formatNormalization(normalization),
    top1,
    loss,
  })
  return { ...named(best!), next: named(next!) }
}

interface Judged {
  readonly normalization: Normalization
  readonly top1: number
  readonly loss: number
}

/** Mean loss and top-1 on the first training images under each normalisation, best first. */
async function judge(
  network: Network,
  dataset: Dataset,
  normalizations: readonly Normalization[],
  images: number,
): Promise<Judged[]> {
  // A set that is only there to evaluate on has no training images.
  const { train, validation, test } = dataset.splits
  const split = [train, validation, test].find(({ size }) => size > 0) ?? train
  const results: Judged[] = []
  for (const normalization of normalizations) {
    const loaded = await holdImages(split, normalization, images)
    const { values, width } = await classify(network, loaded, 0, batchFor(loaded.shape))
    const probabilities = softmaxRows(values, width)
    let right = 0
    let loss = 0
    for (let i = 0; i < loaded.size; i++) {
      const label = loaded.labels[i]!
      if (labelRank(values, i, width, label) === 0) right++
      loss -= Math.log(Math.max(probabilities[i * width + label]!, 1e-8))
    }
    results.push({ normalization, top1: right / loaded.size, loss: loss / loaded.size })
  }
  return results.sort((a, b) => a.loss - b.loss)
}
