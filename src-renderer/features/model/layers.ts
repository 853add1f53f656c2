import type { OutlineEdge } from '../../../src-main/core/coupling/outline'

/** Nodes by layer; edges over more than one layer run through bends, one in each layer between. */
export interface Layered {
  /** Per layer, from the left: vertices. Those below `nodes` are nodes, the others bends. */
  readonly layers: readonly (readonly number[])[]
  readonly nodes: number
  /** Nodes and bends together. */
  readonly vertices: number
  /** Between neighbouring layers: [upper, lower] vertices. */
  readonly links: readonly (readonly [number, number])[]
  /** Per edge, the vertices it runs through, both ends included. */
  readonly routes: readonly (readonly number[])[]
}

/** More bends than this take longer to place than anybody looks at them; such edges run straight. */
const mostBends = 20_000

/** Cuts edges into pieces between neighbouring layers. */
export function layered(ranks: Int32Array, edges: readonly OutlineEdge[]): Layered {
  const spans = edges.reduce((sum, [from, to]) => sum + Math.max(0, ranks[to]! - ranks[from]! - 1), 0)
  const bending = spans <= mostBends
  const depth = ranks.reduce((most, rank) => Math.max(most, rank), 0) + 1
  const layers: number[][] = Array.from({ length: depth }, () => [])
  ranks.forEach((rank, node) => layers[rank]!.push(node))
  const links: [number, number][] = []
  let next = ranks.length
  const routes = edges.map(([from, to]) => {
    const route = [from]
    if (bending || ranks[to]! - ranks[from]! === 1)
      for (let rank = ranks[from]! + 1; rank < ranks[to]!; rank++) {
        layers[rank]!.push(next)
        links.push([route.at(-1)!, next])
        route.push(next++)
      }
    if (bending || ranks[to]! - ranks[from]! === 1) links.push([route.at(-1)!, to])
    return [...route, to]
  })
  return { layers: untangle(layers, links, next), nodes: ranks.length, vertices: next, links, routes }
}

/** Orders each layer by the mean place of its neighbours above, then below, some times over; keeps the best. */
function untangle(layers: number[][], links: readonly (readonly [number, number])[], vertices: number): number[][] {
  const [above, below] = neighbours(links, vertices)
  const place = new Float64Array(vertices)
  const number = (layer: readonly number[]): void => layer.forEach((vertex, i) => (place[vertex] = i))
  let order = layers.map((layer) => [...layer])
  order.forEach(number)
  let best = order
  let fewest = crossings(order, below, place)
  for (let sweep = 0; sweep < 8 && fewest > 0; sweep++) {
    const [from, towards] = sweep % 2 === 0 ? [order, above] : [[...order].reverse(), below]
    const swept = from.map((layer) => {
      const wish = new Map(layer.map((vertex, i) => [vertex, mean(towards[vertex]!, place) ?? i]))
      const sorted = [...layer].sort((a, b) => wish.get(a)! - wish.get(b)!)
      number(sorted)
      return sorted
    })
    order = sweep % 2 === 0 ? swept : swept.reverse()
    const count = crossings(order, below, place)
    if (count >= fewest) continue
    fewest = count
    best = order
  }
  return best
}

function mean(neighbours: readonly number[], place: Float64Array): number | undefined {
  if (neighbours.length === 0) return undefined
  return neighbours.reduce((sum, vertex) => sum + place[vertex]!, 0) / neighbours.length
}

/** Vertices above and below each vertex. */
export function neighbours(
  links: readonly (readonly [number, number])[],
  vertices: number,
): [above: number[][], below: number[][]] {
  const above: number[][] = Array.from({ length: vertices }, () => [])
  const below: number[][] = Array.from({ length: vertices }, () => [])
  for (const [upper, lower] of links) {
    below[upper]!.push(lower)
    above[lower]!.push(upper)
  }
  return [above, below]
}

/** Crossings between neighbouring layers, by counting inversions in a Fenwick tree (Barth, Jünger, Mutzel, GD 2002). */
function crossings(layers: readonly (readonly number[])[], below: readonly number[][], place: Float64Array): number {
  let count = 0
  layers.forEach((layer, rank) => {
    const width = layers[rank + 1]?.length ?? 0
    if (layer.length < 2 || width < 2) return
    const tree = new Int32Array(width + 1)
    let seen = 0
    for (const vertex of layer) {
      const ends = below[vertex]!.map((end) => place[end]!).sort((a, b) => a - b)
      for (const end of ends) {
        let upTo = 0
        for (let i = end + 1; i > 0; i -= i & -i) upTo += tree[i]!
        count += seen - upTo
      }
      for (const end of ends) for (let i = end + 1; i <= width; i += i & -i) tree[i]!++
      seen += ends.length
    }
  })
  return count
}
