/** Bytes of one image → an engine's input: moved, mirrored, normalised, laid out. */
import type { Box } from './augmentation'
import type { ImageShape, Normalization } from './dataset'

/** NCHW: planes, as ONNX has them; NHWC: pixels, as TensorFlow's CPU convolutions want them. */
export type Layout = 'NCHW' | 'NHWC'

/** Floats for an engine, or the bytes themselves. */
export type Pixels = Float32Array | Uint8Array

/**
 * Byte → value in the output: 256 values per channel, one channel after another (in one array, which V8 goes through
 * markedly faster than three). Without a normalisation bytes stay bytes.
 */
export function valueTable(normalization: Normalization | undefined, channels: number): Pixels {
  if (!normalization) return Uint8Array.from({ length: 256 * channels }, (_, at) => at)
  const { mean, std } = normalization
  return Float32Array.from({ length: 256 * channels }, (_, at) => {
    const c = at >> 8
    return ((at & 255) / 255 - mean[c % mean.length]) / std[c % std.length]
  })
}

/** What one image looks like and where it goes. */
export interface Placement {
  readonly shape: ImageShape
  readonly table: Pixels
  /** Of the raw bytes: planes (CHW) or pixels (HWC). */
  readonly from: 'CHW' | 'HWC'
  readonly to: Layout
}

/**
 * Writes one image to `out` at `offset`, moved by (dx, dy) pixels and perhaps mirrored; the raw value 0 (black) where
 * nothing was. Cropping comes first, then the mirror, as in the usual recipe.
 */
export function place(
  raw: Uint8Array,
  out: Pixels,
  offset: number,
  { shape, table, from, to }: Placement,
  dx = 0,
  dy = 0,
  mirrored = false,
): void {
  const { channels, height, width } = shape
  if (from === 'HWC' && channels === 3 && dx === 0 && dy === 0)
    return placeColours(raw, out, offset, shape, table, to, mirrored)
  const step = to === 'NHWC' ? channels : 1
  const rawStep = from === 'HWC' ? channels : 1
  const rawRow = width * rawStep
  for (let c = 0; c < channels; c++) {
    const values = c << 8
    const black = table[values]
    const base = from === 'HWC' ? c : c * height * width
    for (let y = 0; y < height; y++) {
      let at = to === 'NHWC' ? offset + y * width * channels + c : offset + (c * height + y) * width
      const sourceY = y + dy
      const inside = sourceY >= 0 && sourceY < height
      const row = base + sourceY * rawRow
      let x = mirrored ? width - 1 + dx : dx
      const advance = mirrored ? -1 : 1
      for (let i = 0; i < width; i++, x += advance, at += step)
        out[at] = inside && x >= 0 && x < width ? table[values + raw[row + x * rawStep]] : black
    }
  }
}

/** Pixel by pixel as they come: what large images from files need, twice as fast. */
function placeColours(
  raw: Uint8Array,
  out: Pixels,
  offset: number,
  { height, width }: ImageShape,
  table: Pixels,
  to: Layout,
  mirrored: boolean,
): void {
  const [pixel, channel] = to === 'NHWC' ? [3, 1] : [1, height * width]
  const step = mirrored ? -pixel : pixel
  for (let y = 0, i = 0; y < height; y++) {
    let at = offset + (y * width + (mirrored ? width - 1 : 0)) * pixel
    for (let x = 0; x < width; x++, i += 3, at += step) {
      out[at] = table[raw[i]]
      out[at + channel] = table[256 + raw[i + 1]]
      out[at + 2 * channel] = table[512 + raw[i + 2]]
    }
  }
}

/**
 * Blanks a part of an image that has been placed at `offset`: to 0, which after normalising is the mean colour, as
 * Cutout's authors do.
 */
export function blank(
  out: Pixels,
  offset: number,
  { channels, height, width }: ImageShape,
  to: Layout,
  { x0, y0, x1, y1 }: Box,
): void {
  const [planes, depth] = to === 'NHWC' ? [1, channels] : [channels, 1]
  for (let plane = 0; plane < planes; plane++)
    for (let y = y0; y < y1; y++) {
      const row = offset + (plane * height + y) * width * depth
      out.fill(0, row + x0 * depth, row + x1 * depth)
    }
}
