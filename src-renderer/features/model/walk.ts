import type { Layout } from './layout'

export type Direction = 'up' | 'down' | 'left' | 'right'

/**
 * The node that an arrow key leads to: up and down along edges (the nearest across), left and right among those of the
 * same height; else the nearest in that direction.
 */
export function nextNode(
  from: number | undefined,
  direction: Direction,
  { boxes }: Pick<Layout, 'boxes'>,
  edges: readonly (readonly [number, number])[],
): number | undefined {
  if (boxes.length === 0) return undefined
  if (from === undefined) return 0
  const here = boxes[from]!
  const nearest = (candidates: readonly number[]): number | undefined =>
    candidates.reduce<number | undefined>((best, one) => {
      const away = (i: number): number => Math.abs(boxes[i]!.x - here.x) + Math.abs(boxes[i]!.y - here.y)
      return best === undefined || away(one) < away(best) ? one : best
    }, undefined)
  if (direction === 'up') return nearest(edges.flatMap(([a, b]) => (b === from ? [a] : []))) ?? from
  if (direction === 'down') return nearest(edges.flatMap(([a, b]) => (a === from ? [b] : []))) ?? from
  const side = direction === 'left' ? -1 : 1
  return nearest(boxes.flatMap((box, i) => (box.y === here.y && (box.x - here.x) * side > 0 ? [i] : []))) ?? from
}

/** The node under a point of the drawing. */
export const nodeAt = ({ boxes }: Pick<Layout, 'boxes'>, x: number, y: number): number | undefined => {
  const found = boxes.findIndex((box) => Math.abs(box.x - x) <= box.width / 2 && Math.abs(box.y - y) <= box.height / 2)
  return found < 0 ? undefined : found
}
