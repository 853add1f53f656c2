/**
 * Images in batches, normalised and augmented, as an engine wants them. Nothing here is shared between calls: a
 * worker thread can run it on its own, and an epoch's content depends on (seed, epoch) alone.
 */
import type { ImageShape, Normalization, Split } from './dataset'
import { mix, permutationOf } from './seeded'

/** NCHW: planes, as ONNX has them; NHWC: pixels, as TensorFlow's CPU convolutions want them. */
export type Layout = 'NCHW' | 'NHWC'

/** Random per image and epoch. */
export interface Augmentation {
  /**
   * Pads by so many black pixels (raw value 0, before normalising, as torchvision's RandomCrop(padding) before
   * Normalize does: in normalised units the border is −mean/std, not 0) and cuts the original size back out. 0: off.
   */
  readonly crop: number
  /** Mirrors left to right, one time in two. */
  readonly flip: boolean
}

export interface ReadOptions {
  readonly normalization: Normalization
  readonly layout: Layout
  readonly augment?: Augmentation
  /** What the augmentation is drawn from, with the image's index. Default 0, 0. */
  readonly seed?: number
  readonly epoch?: number
}

/** `images`: size × C × H × W (or size × H × W × C); `labels`: size class indices. */
export interface ImageBatch {
  readonly images: Float32Array
  readonly labels: Int32Array
  readonly size: number
}

/** Reused memory: `images` for at least the batch's floats, `labels` for at least its size. */
export type BatchBuffers = Pick<ImageBatch, 'images' | 'labels'>

export interface BatchOptions extends Omit<ReadOptions, 'epoch'> {
  /** Images per batch; the last of an epoch may be smaller. */
  readonly batch: number
  readonly seed: number
  /** A new order each epoch; false: ascending. */
  readonly shuffle: boolean
  /** Only so many images: the first of a permutation that the seed decides, the same in each epoch. */
  readonly limit?: number
  /** Leave out an epoch's last batch when it isn't full, for graphs of a fixed batch size. */
  readonly dropLast?: boolean
}

export interface Batcher {
  /** Images and batches per epoch. */
  readonly images: number
  readonly batches: number
  /** Memory for one full batch. */
  buffers(): BatchBuffers
  /**
   * The batches of one epoch. With `into`, every batch is a view of that memory and is overwritten by the next;
   * without, each has its own.
   */
  epoch(epoch: number, into?: BatchBuffers): Generator<ImageBatch, void, undefined>
}

/**
 * Reads the images at `indices` (positions in the split), normalises and augments them.
 * @throws RangeError when `into` is too small
 */
export function readBatch(
  split: Split,
  indices: ArrayLike<number>,
  options: ReadOptions,
  into: BatchBuffers = allocate(split.shape, indices.length),
): ImageBatch {
  const { channels, height, width } = split.shape
  const size = indices.length
  const pixels = channels * height * width
  if (into.images.length < size * pixels || into.labels.length < size)
    throw new RangeError(`A batch of ${size} needs room for ${size * pixels} floats; ${into.images.length} were given.`)
  const images = into.images.length === size * pixels ? into.images : into.images.subarray(0, size * pixels)
  const labels = into.labels.length === size ? into.labels : into.labels.subarray(0, size)

  const tables = normalizingTables(options.normalization, channels)
  const raw = new Uint8Array(pixels)
  const { crop, flip } = options.augment ?? { crop: 0, flip: false }
  const { seed = 0, epoch = 0 } = options
  for (let i = 0; i < size; i++) {
    const index = indices[i]
    split.readImage(index, raw, 0)
    labels[i] = split.label(index)
    const draw = crop > 0 || flip ? mix(seed, epoch, index, 1) : 0
    const range = 2 * crop + 1
    const dx = (draw % range) - crop
    const dy = ((draw >>> 10) % range) - crop
    place(raw, images, i * pixels, split.shape, tables, options.layout, dx, dy, flip && draw >>> 31 === 1)
  }
  return { images, labels, size }
}

/** Batches of a split, epoch by epoch. */
export function createBatcher(split: Split, options: BatchOptions): Batcher {
  const { batch, seed } = options
  const images = Math.min(options.limit ?? split.size, split.size)
  const chosen =
    images < split.size
      ? permutationOf(split.size, seed, 2).subarray(0, images).sort()
      : Uint32Array.from({ length: images }, (_, i) => i)
  const batches = options.dropLast ? Math.floor(images / batch) : Math.ceil(images / batch)
  return {
    images,
    batches,
    buffers: () => allocate(split.shape, batch),
    *epoch(epoch, into) {
      const order = options.shuffle ? permutationOf(images, seed, epoch, 3).map((i) => chosen[i]) : chosen
      for (let b = 0; b < batches; b++)
        yield readBatch(split, order.subarray(b * batch, (b + 1) * batch), { ...options, epoch }, into)
    },
  }
}

function allocate({ channels, height, width }: ImageShape, size: number): BatchBuffers {
  return { images: new Float32Array(size * channels * height * width), labels: new Int32Array(size) }
}

/** Byte → normalised value, one table of 256 per channel. */
function normalizingTables({ mean, std }: Normalization, channels: number): Float32Array[] {
  return Array.from({ length: channels }, (_, c) => {
    const [m, s] = [mean[c % mean.length], std[c % std.length]]
    return Float32Array.from({ length: 256 }, (_, value) => (value / 255 - m) / s)
  })
}

/** Writes one CHW byte image, moved by (dx, dy) pixels and perhaps mirrored, black where nothing was. */
function place(
  raw: Uint8Array,
  out: Float32Array,
  offset: number,
  { channels, height, width }: ImageShape,
  tables: readonly Float32Array[],
  layout: Layout,
  dx: number,
  dy: number,
  mirrored: boolean,
): void {
  const step = layout === 'NHWC' ? channels : 1
  for (let c = 0; c < channels; c++) {
    const table = tables[c]
    const black = table[0]
    for (let y = 0; y < height; y++) {
      let to = layout === 'NHWC' ? offset + y * width * channels + c : offset + (c * height + y) * width
      const sourceY = y + dy
      const inside = sourceY >= 0 && sourceY < height
      const row = (c * height + sourceY) * width
      // Cropping comes first, then the mirror, as in the usual recipe.
      let x = mirrored ? width - 1 + dx : dx
      const advance = mirrored ? -1 : 1
      for (let i = 0; i < width; i++, x += advance, to += step)
        out[to] = inside && x >= 0 && x < width ? table[raw[row + x]] : black
    }
  }
}
