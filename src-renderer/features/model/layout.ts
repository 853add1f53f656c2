import type { Outline, OutlineNode } from '../../../src-main/core/coupling/outline'
import { placeAcross } from './aligning'
import { layered, type Layered } from './layers'
import { rankNodes } from './ranks'

export interface Box {
  /** Of the middle. */
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** A network laid out from top to bottom, in pixels at a scale of 1. */
export interface Layout {
  /** Per node. */
  readonly boxes: readonly Box[]
  /** Per edge, x and y in turn, from the lower edge of the first box to the upper edge of the last. */
  readonly lines: readonly Float32Array[]
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

const gapAcross = 18
const gapDown = 20
const bendWidth = 4

/** Layers with weights are what people look for: they get two lines; the rest one. */
export const isWide = (node: OutlineNode): boolean => node.macs > 0 || node.kind !== 'op'
const widthOf = (node: OutlineNode): number => (isWide(node) ? 192 : 132)
const heightOf = (node: OutlineNode): number => (isWide(node) ? 36 : 20)

/** @param outline edges go from lower to higher indices */
export function layOut({ nodes, edges }: Pick<Outline, 'nodes' | 'edges'>): Layout {
  const ranks = rankNodes(nodes.length, edges)
  const graph = layered(ranks, edges)
  const across = spread(graph, nodes)
  const heights = graph.layers.map((layer) =>
    layer.reduce((most, vertex) => Math.max(most, vertex < nodes.length ? heightOf(nodes[vertex]!) : 0), 20),
  )
  const middles: number[] = []
  heights.reduce((top, height, rank) => {
    middles[rank] = top + height / 2
    return top + height + gapDown
  }, 0)
  const boxes = nodes.map((node, i): Box => ({
    ...{ x: across[i]!, y: middles[ranks[i]!]! },
    ...{ width: widthOf(node), height: heightOf(node) },
  }))
  const rankOf = new Int32Array(across.length)
  graph.layers.forEach((layer, rank) => layer.forEach((vertex) => (rankOf[vertex] = rank)))
  const lines = graph.routes.map((route) => {
    const points = route.flatMap((vertex, i) => {
      if (vertex < nodes.length) {
        const { x, y, height } = boxes[vertex]!
        return [x, i === 0 ? y + height / 2 : y - height / 2]
      }
      const [y, height] = [middles[rankOf[vertex]!]!, heights[rankOf[vertex]!]!]
      // Straight down through its layer, so that it stays clear of the boxes beside it.
      return [across[vertex]!, y - height / 2, across[vertex]!, y + height / 2]
    })
    return Float32Array.from(points)
  })
  return { boxes, lines, ...bounds(boxes, across) }
}

/** Where each vertex lies across. */
function spread(graph: Layered, nodes: readonly OutlineNode[]): Float64Array {
  const width = (vertex: number): number => (vertex < graph.nodes ? widthOf(nodes[vertex]!) : bendWidth)
  return placeAcross(graph, (left, right) => (width(left) + width(right)) / 2 + gapAcross)
}

function bounds(boxes: readonly Box[], across: Float64Array): Pick<Layout, 'left' | 'right' | 'top' | 'bottom'> {
  let [left, right, bottom] = [0, 0, 0]
  for (const { x, y, width, height } of boxes) {
    left = Math.min(left, x - width / 2)
    right = Math.max(right, x + width / 2)
    bottom = Math.max(bottom, y + height / 2)
  }
  for (const x of across) {
    left = Math.min(left, x)
    right = Math.max(right, x)
  }
  return { left, right, top: 0, bottom }
}
