/** Reading images that are held in memory. */
import { drawCutout, drawMove } from './augmentation'
import type { RowSource } from './dataset'
import type { ReadOptions } from './loading/messages'
import { blank, place, valueTable, type Pixels } from './pixels'

/**
 * Writes the images at `indices` (positions in the split), augmented and normalised, to `out` from float `offset` on.
 * @throws RangeError when `out` is too small
 */
export function readRows(
  source: RowSource,
  indices: Uint32Array,
  options: ReadOptions,
  epoch: number,
  out: Pixels,
  offset = 0,
): void {
  const { shape, layout, augment, seed } = options
  const pixels = shape.channels * shape.height * shape.width
  if (out.length < offset + indices.length * pixels)
    throw new RangeError(
      `A batch of ${indices.length} needs room for ${indices.length * pixels} values; ${out.length - offset} were given.`,
    )
  const table = valueTable(options.normalization, shape.channels)
  const placement = { shape, table, from: 'CHW', to: layout } as const
  indices.forEach((index, i) => {
    const start = source.rows[index] * source.rowBytes + source.skip
    const raw = source.bytes.subarray(start, start + pixels)
    const { dx, dy, mirrored } = drawMove(augment, seed, epoch, index)
    place(raw, out, offset + i * pixels, placement, dx, dy, mirrored)
    const hole = drawCutout(augment, shape, seed, epoch, index)
    if (hole) blank(out, offset + i * pixels, shape, layout, hole)
  })
}
