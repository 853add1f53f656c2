/** JPEG, PNG and WebP files → raw pixels, by sharp (libvips), on its pool of threads. */
import { readFile } from 'node:fs'
import { promisify } from 'node:util'
import sharp from 'sharp'
import { drawCutout, drawMove, type Augmentation } from '../augmentation'
import type { FileSource } from '../dataset'
import type { ReadOptions } from '../loading/messages'
import { blank, place, valueTable, type Pixels } from '../pixels'
import { centreWindow, isSmall, randomWindow, type Window } from './geometry'
import { isSupported, jpegSize, type Size } from './head'
import { pathAt } from './paths'

// One thread per image, many images at once; and nothing kept: each image is read once an epoch.
sharp.concurrency(1)
sharp.cache(false)
/** By the callback: fs/promises makes a handle object of every file. */
const bytesOf = promisify(readFile)

/** Reads one image of a folder into `out` at `offset`. @throws Error when the file cannot be read or decoded */
export type ImageReader = (index: number, epoch: number, out: Pixels, offset: number) => Promise<void>

/**
 * A reader for a folder's split. Pictures are turned as their EXIF orientation says; grey, CMYK and 16-bit ones become
 * 8-bit sRGB (or grey, for networks of one channel); transparent ones are laid on white.
 */
export function createReader(source: FileSource, options: ReadOptions): ImageReader {
  const { shape, augment, seed } = options
  const { width, height } = shape
  const small = isSmall(width, height)
  const crops = !small && augment !== undefined && augment.crop > 0
  // Small images are moved by padding, larger ones by where the window lies.
  const moves: Augmentation | undefined = augment && (small ? augment : { crop: 0, flip: augment.flip })
  const table = valueTable(options.normalization, shape.channels)
  const placement = { shape, table, from: 'HWC', to: options.layout } as const
  const centre = centreWindow(width, height)

  return async (index, epoch, out, offset) => {
    const path = `${source.root}/${pathAt(source.paths, index)}`
    // Read whole, once: libvips opens a file it is given the name of ten times over to find out what it is.
    const bytes = await bytesOf(path)
    // What is called .jpg may be anything, and libvips opens a lot. (Its own list of what it may open is the process',
    // not a thread's: changed by one, it would fail another's images.)
    if (bytes.length > 0 && !isSupported(bytes)) throw new Error('it is no JPEG, PNG or WebP image')
    const window = crops ? randomWindow(await sizeOf(source, index, bytes), width, height, seed, epoch, index) : centre
    const raw = await decode(bytes, window, crops ? 'fill' : 'cover', shape)
    const { dx, dy, mirrored } = drawMove(moves, seed, epoch, index)
    place(raw, out, offset, placement, dx, dy, mirrored)
    const hole = drawCutout(augment, shape, seed, epoch, index)
    if (hole) blank(out, offset, shape, options.layout, hole)
  }
}

async function decode(
  bytes: Buffer,
  { width, height, left, top }: Window,
  fit: 'fill' | 'cover',
  shape: ReadOptions['shape'],
): Promise<Uint8Array> {
  // Truncated and damaged files are errors; what libvips merely warns about (odd metadata) is not.
  const image = sharp(bytes, { failOn: 'error', autoOrient: true, sequentialRead: true })
    .flatten({ background: '#ffffff' })
    // The triangle filter, as torchvision resizes.
    .resize(width, height, { fit, kernel: 'linear' })
    .extract({ left, top, width: shape.width, height: shape.height })
  const coloured = shape.channels === 1 ? image.toColourspace('b-w') : image.toColourspace('srgb')
  const { data, info } = await coloured.raw().toBuffer({ resolveWithObject: true })
  if (info.channels !== shape.channels || data.length !== shape.channels * shape.width * shape.height)
    throw new Error(`it decodes to ${info.channels} channels, ${shape.channels} were expected`)
  return data
}

/** Width and height as shown, from the file's head; remembered, for the next epoch asks again. */
async function sizeOf(source: FileSource, index: number, bytes: Buffer): Promise<Size> {
  const known = source.sizes[index]
  if (known) return { width: known >>> 16, height: known & 0xffff }
  const size = jpegSize(bytes) ?? (await sharp(bytes).metadata()).autoOrient
  if (size.width < 0x10000 && size.height < 0x10000) source.sizes[index] = (size.width << 16) | size.height
  return size
}
