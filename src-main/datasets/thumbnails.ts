/** Small pictures of a split's images, as the network sees them before normalisation: cropped and of its size. */
import sharp from 'sharp'
import type { Split } from './dataset'
import { createReader } from './images/decode'
import { pathAt } from './images/paths'
import type { ReadOptions } from './loading/messages'
import { readRows } from './rows'

/** Pixels of the longer side at most. */
const largest = 128

export interface Thumbnail {
  /** Position in the split. */
  readonly index: number
  /** Class index; −1 without labels. */
  readonly label: number
  /** Below the data set's folder; '' where images have no files. */
  readonly name: string
  /** PNG (JPEG when that would be large); undefined when the image cannot be read, and why. */
  readonly image: Uint8Array | undefined
  readonly why?: string
}

/** The images at these positions; what cannot be read is said, not thrown. */
export async function thumbnails(split: Split, indices: Uint32Array): Promise<Thumbnail[]> {
  const { shape, source, labels } = split
  const options: ReadOptions = { shape, layout: 'NHWC', seed: 0, replace: false }
  const read = source.kind === 'files' ? createReader(source, options) : undefined
  return Promise.all(
    Array.from(indices, async (index): Promise<Thumbnail> => {
      const about = { index, label: labels[index]!, name: source.kind === 'files' ? pathAt(source.paths, index) : '' }
      const pixels = new Uint8Array(shape.channels * shape.height * shape.width)
      try {
        if (source.kind === 'files') await read!(index, 0, pixels, 0)
        else readRows(source, Uint32Array.of(index), options, 0, pixels)
        return { ...about, image: await encode(pixels, split) }
      } catch (error) {
        return { ...about, image: undefined, why: (error as Error).message }
      }
    }),
  )
}

function encode(pixels: Uint8Array, { shape: { width, height, channels } }: Split): Promise<Buffer> {
  const image = sharp(pixels, { raw: { width, height, channels: channels as 1 | 3 } })
  if (Math.max(width, height) <= 64) return image.png().toBuffer()
  return image.resize(largest, largest, { fit: 'inside', withoutEnlargement: true }).jpeg({ quality: 85 }).toBuffer()
}
