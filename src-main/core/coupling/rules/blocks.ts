import type { Shape } from '../../graph/network'

/** A stretch of dimensions that a reshape maps onto another stretch of the same volume. */
export interface Block {
  readonly from: readonly [start: number, end: number]
  readonly to: readonly [start: number, end: number]
}

/** The finest common partition of two shapes of equal volume, the batch (a symbol) counting as 1. */
export function reshapeBlocks(from: readonly number[], to: readonly number[]): Block[] | undefined {
  const blocks: Block[] = []
  let i = 0
  let j = 0
  while (i < from.length || j < to.length) {
    const start: [number, number] = [i, j]
    let a = from[i++] ?? 1
    let b = to[j++] ?? 1
    while (a !== b) {
      if (a < b) {
        if (i >= from.length) return undefined
        a *= from[i++]!
      } else {
        if (j >= to.length) return undefined
        b *= to[j++]!
      }
    }
    blocks.push({ from: [start[0], Math.min(i, from.length)], to: [start[1], Math.min(j, to.length)] })
  }
  return blocks
}

/** Sizes of a shape, symbols (the batch) as 1. */
export const numbers = (shape: Shape): number[] => shape.map((dim) => (typeof dim === 'number' ? dim : 1))
