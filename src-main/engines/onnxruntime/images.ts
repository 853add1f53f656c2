import { readBatch } from '../../datasets/batches'
import type { Dataset, Normalization, Split } from '../../datasets/dataset'

export interface LoadedImages {
  readonly images: Float32Array
  readonly labels: Int32Array
  /** One image: [channels, height, width]. */
  readonly shape: readonly number[]
  readonly size: number
}

/** Normalised images of a split, NCHW, spread evenly over it: `limit` of them from position `offset` of each stride. */
export function loadImages(
  dataset: Dataset,
  split: Split,
  normalization: Normalization,
  limit = split.size,
  offset = 0,
): LoadedImages {
  const size = Math.min(limit, split.size)
  const stride = split.size / size
  const indices = Uint32Array.from({ length: size }, (_, i) =>
    Math.min(split.size - 1, Math.floor(i * stride) + offset),
  )
  const { images, labels } = readBatch(split, indices, { normalization, layout: 'NCHW' })
  return { images, labels, shape: [dataset.channels, dataset.height, dataset.width], size }
}

/** Consecutive batches as views, each with its full shape [n, C, H, W]. */
export function* batchesOf(
  loaded: LoadedImages,
  batch: number,
): Generator<{ images: Float32Array; shape: number[]; from: number; size: number }> {
  const pixels = loaded.shape.reduce((a, b) => a * b, 1)
  for (let from = 0; from < loaded.size; from += batch) {
    const size = Math.min(batch, loaded.size - from)
    yield {
      images: loaded.images.subarray(from * pixels, (from + size) * pixels),
      shape: [size, ...loaded.shape],
      from,
      size,
    }
  }
}
