/** What goes between the thread that feeds an engine and those that read for it. */
import type { Augmentation } from '../augmentation'
import type { ImageShape, ImageSource, Normalization } from '../dataset'
import type { Layout, Pixels } from '../pixels'

/** How images are read. */
export interface ReadOptions {
  readonly shape: ImageShape
  readonly layout: Layout
  /** Undefined: bytes, not floats. */
  readonly normalization?: Normalization | undefined
  readonly augment?: Augmentation | undefined
  /** What the augmentation is drawn from, with the epoch and the image's position. */
  readonly seed: number
  /** Put the next readable image in the place of one that cannot be read: batches of training stay whole. */
  readonly replace: boolean
}

export type ToThread =
  | { readonly type: 'open'; readonly source: number; readonly from: ImageSource; readonly options: ReadOptions }
  | {
      readonly type: 'fill'
      readonly source: number
      readonly job: number
      readonly indices: Uint32Array
      readonly epoch: number
      /** Shared memory for all of them, one after another. */
      readonly out: Pixels
    }
  | { readonly type: 'cancel'; readonly job: number }
  | { readonly type: 'close'; readonly source: number }
  | { readonly type: 'end' }

/** An image that could not be read. */
export interface Unreadable {
  readonly path: string
  readonly reason: string
}

/** Of one fill: what came to lie where. */
export interface Filled {
  readonly job: number
  /** Position in the split per place of the job; −1: nothing could be read there. */
  readonly indices: Int32Array
  readonly unreadable: readonly Unreadable[]
  /** A defect, not a broken image. */
  readonly error?: string
}
