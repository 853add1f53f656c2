import type { ImageShape, Normalization, Split } from '../../datasets/dataset'
import { openByteLoader, openLoader, unreadableNotes } from '../../datasets/loading/loader'
import { LoaderThreads } from '../../datasets/loading/threads'
import { inBatches, spread } from '../../datasets/order'
import { place, valueTable } from '../../datasets/pixels'

/** Some images, batch after batch, as often as wanted. */
export interface Images {
  /** How many there are at most: unreadable ones are left out. */
  readonly size: number
  /** One image: [channels, height, width]. */
  readonly shape: readonly number[]
  /** Each batch's memory is overwritten by the next. */
  batches(batch: number): AsyncIterable<Batch> | Iterable<Batch>
}

export interface Batch {
  /** Normalised, NCHW. */
  readonly images: Float32Array
  readonly labels: Int32Array
  /** [n, C, H, W] */
  readonly shape: number[]
  readonly size: number
}

/** Images held in memory, as bytes: a quarter of what an engine takes. */
export interface HeldImages extends Images {
  batches(batch: number): Iterable<Batch>
  /** Some of them, spread evenly; where they are among all. */
  part(count: number): { readonly images: HeldImages; readonly positions: Uint32Array }
  readonly labels: Int32Array
  /** About those left out, for people. */
  readonly warnings: readonly string[]
}

/** Images per batch when a network is only run: up to 64 (caches hold more of it than of 128), and about 32 MB of input. */
export const batchFor = (shape: readonly number[]): number =>
  Math.max(8, Math.min(64, Math.floor(8e6 / shape.reduce((a, b) => a * b, 1))))

const sizesOf = ({ channels, height, width }: ImageShape): number[] => [channels, height, width]

/**
 * Loads images spread evenly over a split, for sets that are gone through many times.
 * @throws LupineError input 'dataset-damaged'
 */
export async function holdImages(split: Split, normalization: Normalization, limit?: number): Promise<HeldImages> {
  const { shape } = split
  const positions = spread(split.size, limit)
  const pixels = shape.channels * shape.height * shape.width
  const bytes = new Uint8Array(positions.length * pixels)
  const labels = new Int32Array(positions.length)
  const threads = new LoaderThreads()
  try {
    const loader = openByteLoader(threads, split, { layout: 'NCHW' })
    let size = 0
    for await (const batch of loader.batches(inBatches(positions, 64))) {
      bytes.set(batch.images, size * pixels)
      labels.set(batch.labels, size)
      size += batch.size
    }
    const warnings = unreadableNotes(loader.unreadable)
    return held(bytes.subarray(0, size * pixels), labels.subarray(0, size), shape, normalization, warnings)
  } finally {
    await threads.close()
  }
}

function held(
  bytes: Uint8Array,
  labels: Int32Array,
  shape: ImageShape,
  normalization: Normalization,
  warnings: readonly string[],
): HeldImages {
  const pixels = shape.channels * shape.height * shape.width
  const placement = { shape, table: valueTable(normalization, shape.channels), from: 'CHW', to: 'NCHW' } as const
  return {
    size: labels.length,
    shape: sizesOf(shape),
    labels,
    warnings,
    part(count) {
      const positions = spread(labels.length, count)
      const some = new Uint8Array(positions.length * pixels)
      positions.forEach((from, i) => some.set(bytes.subarray(from * pixels, (from + 1) * pixels), i * pixels))
      const own = Int32Array.from(positions, (from) => labels[from]!)
      return { images: held(some, own, shape, normalization, warnings), positions }
    },
    *batches(batch) {
      const floats = new Float32Array(Math.min(batch, labels.length) * pixels)
      for (let from = 0; from < labels.length; from += batch) {
        const size = Math.min(batch, labels.length - from)
        for (let i = 0; i < size; i++)
          place(bytes.subarray((from + i) * pixels, (from + i + 1) * pixels), floats, i * pixels, placement)
        yield {
          images: floats.subarray(0, size * pixels),
          labels: labels.subarray(from, from + size),
          shape: [size, ...sizesOf(shape)],
          size,
        }
      }
    },
  }
}

/**
 * Images spread evenly over a split, read while they are gone through: never more than three batches in memory.
 * @param threads the caller's, to be closed by it
 */
export function streamImages(
  threads: LoaderThreads,
  split: Split,
  normalization: Normalization,
  limit?: number,
): Images & { warnings(): string[] } {
  const positions = spread(split.size, limit)
  const loader = openLoader(threads, split, { normalization, layout: 'NCHW' })
  return {
    size: positions.length,
    shape: sizesOf(split.shape),
    async *batches(batch) {
      // onnxruntime takes no shared memory.
      let own = new Float32Array(0)
      for await (const { images, labels, size } of loader.batches(inBatches(positions, batch))) {
        if (own.length < images.length) own = new Float32Array(images.length)
        own.set(images)
        yield { images: own.subarray(0, images.length), labels, shape: [size, ...sizesOf(split.shape)], size }
      }
    },
    warnings: () => unreadableNotes(loader.unreadable),
  }
}
