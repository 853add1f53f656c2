import { openDataset } from '../../datasets/open'
import { formatNormalization, normalizationPresets } from '../../datasets/normalization'
import { loadOnnx } from '../../formats/onnx/files'
import { classify } from './classify'
import { loadImages } from './images'
import { beforeFinalActivation } from '../../core/graph/outputs'
import { labelRank } from './outputs'

export interface DetectedNormalization {
  readonly normalize: string
  /** Top-1 on training images with it… */
  readonly top1: number
  /** …and with the next best. */
  readonly next: number
}

/**
 * Which of the common normalisations a network was trained with: the one that gets the most of some training images
 * right. Trained networks differ by whole points between them.
 */
export async function detectNormalization(
  model: string,
  address: string,
  images = 512,
): Promise<DetectedNormalization> {
  const network = beforeFinalActivation(await loadOnnx(model))
  const dataset = await openDataset(address)
  const results: { normalize: string; top1: number }[] = []
  for (const preset of Object.values(normalizationPresets)) {
    const channels = (values: readonly number[]) => values.slice(0, dataset.channels)
    const normalization = { mean: channels(preset.mean), std: channels(preset.std) }
    const loaded = loadImages(dataset, dataset.splits.train, normalization, images)
    const { values, width } = await classify(network, loaded, 0)
    let right = 0
    for (let i = 0; i < loaded.size; i++) if (labelRank(values, i, width, loaded.labels[i]!) === 0) right++
    results.push({ normalize: formatNormalization(normalization), top1: right / loaded.size })
  }
  results.sort((a, b) => b.top1 - a.top1)
  return { ...results[0]!, next: results[1]!.top1 }
}
