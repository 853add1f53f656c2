import type { ImageShape } from './dataset'
import { mix } from './seeded'

/** Random per image and epoch: functions of (seed, epoch, image). */
export interface Augmentation {
  /**
   * Small images (up to 64 pixels a side): pads by so many black pixels (raw value 0, before normalising, as
   * torchvision's RandomCrop(padding) before Normalize does: in normalised units the border is −mean/std, not 0) and
   * cuts the original size back out. Larger ones: above 0 means RandomResizedCrop. 0: no crops.
   */
  readonly crop: number
  /** Mirrors left to right, one time in two. */
  readonly flip: boolean
  /** Side of a square that is blanked at a random place (`drawCutout`), in pixels of the network's input; 0: none. */
  readonly cutout?: number
}

/** What was drawn for one image. */
export interface Draw {
  readonly dx: number
  readonly dy: number
  readonly mirrored: boolean
}

const still: Draw = { dx: 0, dy: 0, mirrored: false }

/** The move and the mirror of an image in an epoch. */
export function drawMove(
  { crop, flip }: Augmentation = { crop: 0, flip: false },
  seed: number,
  epoch: number,
  index: number,
): Draw {
  if (crop === 0 && !flip) return still
  const draw = mix(seed, epoch, index, 1)
  const range = 2 * crop + 1
  return {
    dx: (draw % range) - crop,
    dy: ((draw >>> 10) % range) - crop,
    mirrored: flip && draw >>> 31 === 1,
  }
}

/** Part of an image: rows y0 … y1 − 1, columns x0 … x1 − 1. */
export interface Box {
  readonly x0: number
  readonly y0: number
  readonly x1: number
  readonly y1: number
}

/**
 * Cutout (DeVries and Taylor, 2017): a square around a pixel drawn from the whole image, each as likely; what lies
 * beyond the border falls away, so that some images keep more of themselves than others, as in the paper. A side N
 * reaches from floor(N/2) before the pixel on. Undefined without cutout.
 */
export function drawCutout(
  { cutout = 0 }: Augmentation = { crop: 0, flip: false },
  { width, height }: ImageShape,
  seed: number,
  epoch: number,
  index: number,
): Box | undefined {
  if (cutout <= 0) return undefined
  const along = (size: number, key: number): [number, number] => {
    const start = (mix(seed, epoch, index, key) % size) - Math.floor(cutout / 2)
    return [Math.max(0, start), Math.min(size, start + cutout)]
  }
  const [x0, x1] = along(width, 5)
  const [y0, y1] = along(height, 6)
  return { x0, y0, x1, y1 }
}
