/** Which part of an image a network sees. */
import { streamOf } from '../seeded'

/** A size an image is brought to, and the window cut out of it then, in pixels. */
export interface Window {
  readonly width: number
  readonly height: number
  readonly left: number
  readonly top: number
}

/** Up to this side, images are small ones, like CIFAR's: brought to the input's size whole, moved by padding. */
const smallSide = 64

export const isSmall = (width: number, height: number): boolean => Math.max(width, height) <= smallSide

/**
 * For evaluation, as ILSVRC's networks are judged: the shorter side becomes 256/224 of the input's, and the centre is
 * cut out. Small inputs: the shorter side becomes the input's, nothing is lost of a picture of the same shape.
 * @returns a size that the image is to cover (its centre), and the window in it
 */
export function centreWindow(width: number, height: number): Window {
  const scale = isSmall(width, height) ? 1 : 256 / 224
  const [wide, tall] = [Math.round(width * scale), Math.round(height * scale)]
  return { width: wide, height: tall, left: (wide - width) >> 1, top: (tall - height) >> 1 }
}

/**
 * RandomResizedCrop (Szegedy et al., CVPR 2015, as torchvision draws it): a part of 8 to 100 % of the area, its sides
 * in a ratio of 3:4 to 4:3, anywhere; brought to width × height.
 * @param image its width and height, in pixels
 * @returns the size the whole image is brought to, and the window in it
 */
export function randomWindow(
  image: { readonly width: number; readonly height: number },
  width: number,
  height: number,
  ...key: readonly number[]
): Window {
  const { x, y, w, h } = randomPart(image, ...key)
  const wide = Math.max(width, Math.round((image.width * width) / w))
  const tall = Math.max(height, Math.round((image.height * height) / h))
  return {
    width: wide,
    height: tall,
    left: Math.min(wide - width, Math.round((x * width) / w)),
    top: Math.min(tall - height, Math.round((y * height) / h)),
  }
}

function randomPart({ width, height }: { readonly width: number; readonly height: number }, ...key: readonly number[]) {
  const random = streamOf(...key, 4)
  for (let attempt = 0; attempt < 10; attempt++) {
    const area = width * height * (0.08 + 0.92 * random.next())
    const ratio = Math.exp((2 * random.next() - 1) * Math.log(4 / 3))
    const [w, h] = [Math.round(Math.sqrt(area * ratio)), Math.round(Math.sqrt(area / ratio))]
    if (w < 1 || h < 1 || w > width || h > height) continue
    return { x: random.below(width - w + 1), y: random.below(height - h + 1), w, h }
  }
  // A picture so long that none fits: its centre, as near to the ratios allowed as it goes.
  const w = Math.min(width, Math.max(1, Math.round((height * 4) / 3)))
  const h = Math.min(height, Math.max(1, Math.round((width * 4) / 3)))
  return { x: (width - w) >> 1, y: (height - h) >> 1, w, h }
}
