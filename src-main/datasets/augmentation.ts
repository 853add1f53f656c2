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
