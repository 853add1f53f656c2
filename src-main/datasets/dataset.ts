/** Images and labels, as every reader presents them. */
import type { PathTable } from './images/paths'

/** Per channel, on pixels scaled to 0…1: (pixel/255 − mean) / std. */
export interface Normalization {
  readonly mean: readonly number[]
  readonly std: readonly number[]
}

/** What travels to a process that reads the data itself: plain JSON. */
export interface DataSource {
  /** As on the command line: 'sample', 'cifar10:DIR', … */
  readonly address: string
  readonly normalization: Normalization
}

/** Of one image. */
export interface ImageShape {
  readonly channels: number
  readonly height: number
  readonly width: number
}

/** Images held in memory, CHW bytes in rows. Its arrays lie in shared memory: threads get it without a copy. */
export interface RowSource {
  readonly kind: 'rows'
  readonly bytes: Uint8Array
  readonly rowBytes: number
  /** Where in a row the pixels begin. */
  readonly skip: number
  /** Row per image of the split. */
  readonly rows: Uint32Array
}

/** Image files, decoded when they are asked for. Only their names are held, in shared memory. */
export interface FileSource {
  readonly kind: 'files'
  /** What the paths are relative to. */
  readonly root: string
  readonly paths: PathTable
  /** width << 16 | height of each image as it is shown, once a thread has read it; 0 before. */
  readonly sizes: Uint32Array
}

export type ImageSource = RowSource | FileSource

export interface Split {
  readonly size: number
  readonly shape: ImageShape
  /** Class index per image; −1 where there are no labels. */
  readonly labels: Int32Array
  readonly source: ImageSource
}

export interface Dataset extends ImageShape {
  readonly address: string
  /** In the order of the class indices; empty where the images have no labels. */
  readonly classes: readonly string[]
  /** `validation` is held out of `train`; `test` is touched once, at the end. A split may be empty. */
  readonly splits: { readonly train: Split; readonly validation: Split; readonly test: Split }
  /** What a person should know about how it was read. */
  readonly notes: readonly string[]
}

/** Memory that threads see too. */
export const sharedBytes = (length: number): Uint8Array => new Uint8Array(new SharedArrayBuffer(length))
export const sharedIndices = (values: ArrayLike<number>): Uint32Array => {
  const shared = new Uint32Array(new SharedArrayBuffer(values.length * 4))
  shared.set(values)
  return shared
}
