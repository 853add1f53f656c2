/** Which images come when: a function of (seed, epoch) alone, so that any step can be gone on from. */
import { permutationOf } from './seeded'

export interface OrderOptions {
  /** Images per batch; the last of an epoch may be smaller. */
  readonly batch: number
  readonly seed: number
  /** A new order each epoch; false: ascending. */
  readonly shuffle: boolean
  /** Only so many images: the first of a permutation that the seed decides, the same in each epoch. */
  readonly limit?: number | undefined
  /** Leave out an epoch's last batch when it isn't full, for graphs of a fixed batch size. */
  readonly dropLast?: boolean
}

export interface Order {
  /** Images and batches per epoch. */
  readonly images: number
  readonly batches: number
  /** The epoch's batches, each a list of positions in the split. */
  epoch(epoch: number): Uint32Array[]
}

/** The order of a split of `size` images. */
export function createOrder(size: number, options: OrderOptions): Order {
  const { batch, seed } = options
  const images = Math.min(options.limit ?? size, size)
  const chosen =
    images < size
      ? permutationOf(size, seed, 2).subarray(0, images).sort()
      : Uint32Array.from({ length: images }, (_, i) => i)
  const batches = options.dropLast ? Math.floor(images / batch) : Math.ceil(images / batch)
  return {
    images,
    batches,
    epoch(epoch) {
      const order = options.shuffle ? permutationOf(images, seed, epoch, 3).map((i) => chosen[i]) : chosen
      return Array.from({ length: batches }, (_, b) => order.subarray(b * batch, (b + 1) * batch))
    },
  }
}

/** `limit` positions spread evenly over 0 … size−1; all of them without a limit. */
export function spread(size: number, limit = size): Uint32Array {
  const count = Math.min(limit, size)
  return Uint32Array.from({ length: count }, (_, i) => Math.floor((i * size) / count))
}

/** Positions cut into batches, in their order. */
export function inBatches(positions: Uint32Array, batch: number): Uint32Array[] {
  return Array.from({ length: Math.ceil(positions.length / batch) }, (_, b) =>
    positions.subarray(b * batch, (b + 1) * batch),
  )
}
