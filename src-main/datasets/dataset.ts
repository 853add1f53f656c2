/** Images and labels, as every reader presents them. */

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

export interface Split {
  readonly size: number
  readonly shape: ImageShape
  /** Copies image `index` as bytes, CHW, into `into` at `offset`. */
  readImage(index: number, into: Uint8Array, offset: number): void
  /** Class index. */
  label(index: number): number
}

export interface Dataset extends ImageShape {
  readonly address: string
  readonly classes: readonly string[]
  /** `validation` is held out of `train`; `test` is touched once, at the end. */
  readonly splits: { readonly train: Split; readonly validation: Split; readonly test: Split }
}
