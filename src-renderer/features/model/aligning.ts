import { neighbours, type Layered } from './layers'

/**
 * Places across for vertices whose order in each layer is fixed: as many as can be stand exactly below a neighbour, long
 * edges first, so that chains are straight. Four passes (from above or below, leftmost or rightmost), each lined up with
 * the narrowest, and of their four answers the mean of the middle two. After Brandes and Köpf (GD 2001).
 * @param apart what the middles of two neighbours in a layer must be apart, at least
 */
export function placeAcross(graph: Layered, apart: (left: number, right: number) => number): Float64Array {
  const [above, below] = neighbours(graph.links, graph.vertices)
  const crossed = crossedLinks(graph, above)
  const passes: Float64Array[] = []
  for (const down of [true, false])
    for (const leftmost of [true, false]) {
      const order = down ? graph.layers : [...graph.layers].reverse()
      const layers = leftmost ? order : order.map((layer) => [...layer].reverse())
      const { root, next } = align(layers, down ? above : below, graph.vertices, crossed, down)
      const gap = leftmost ? apart : (a: number, b: number) => apart(b, a)
      const across = compact(layers, root, next, gap, graph.vertices)
      passes.push(leftmost ? across : across.map((x) => -x))
    }
  return balanced(passes)
}

const key = (upper: number, lower: number, vertices: number): number => upper * vertices + lower

/** Links that cross a stretch of a long edge: those give way. */
function crossedLinks({ layers, nodes, vertices }: Layered, above: readonly number[][]): Set<number> {
  const crossed = new Set<number>()
  const place = new Int32Array(vertices)
  for (const layer of layers) layer.forEach((vertex, i) => (place[vertex] = i))
  for (let rank = 1; rank < layers.length; rank++) {
    const [upper, lower] = [layers[rank - 1]!, layers[rank]!]
    let [first, scanned] = [0, 0]
    lower.forEach((vertex, i) => {
      const inner = vertex >= nodes ? above[vertex]!.find((one) => one >= nodes) : undefined
      if (inner === undefined && i < lower.length - 1) return
      const last = inner === undefined ? upper.length - 1 : place[inner]!
      for (; scanned <= i; scanned++)
        for (const one of above[lower[scanned]!]!) {
          const isInner = one >= nodes && lower[scanned]! >= nodes
          if (!isInner && (place[one]! < first || place[one]! > last)) crossed.add(key(one, lower[scanned]!, vertices))
        }
      first = last
    })
  }
  return crossed
}

/** Chains of vertices that stand below each other: `root` is a chain's first, `next` goes round it. */
function align(
  layers: readonly (readonly number[])[],
  towards: readonly number[][],
  vertices: number,
  crossed: ReadonlySet<number>,
  down: boolean,
): { root: Int32Array; next: Int32Array } {
  const root = Int32Array.from({ length: vertices }, (_, i) => i)
  const next = root.slice()
  const place = new Int32Array(vertices)
  for (const layer of layers) layer.forEach((vertex, i) => (place[vertex] = i))
  for (const layer of layers) {
    let reached = -1
    for (const vertex of layer) {
      const list = [...towards[vertex]!].sort((a, b) => place[a]! - place[b]!)
      const middle = (list.length - 1) / 2
      for (const m of new Set([Math.floor(middle), Math.ceil(middle)])) {
        const one = list[m]
        if (one === undefined || next[vertex] !== vertex || reached >= place[one]!) continue
        if (crossed.has(down ? key(one, vertex, vertices) : key(vertex, one, vertices))) continue
        next[one] = vertex
        root[vertex] = root[one]!
        next[vertex] = root[vertex]!
        reached = place[one]!
      }
    }
  }
  return { root, next }
}

/** Chains as far to one side as their neighbours let them; then those that could be nearer the others are moved there. */
function compact(
  layers: readonly (readonly number[])[],
  root: Int32Array,
  next: Int32Array,
  gap: (left: number, right: number) => number,
  vertices: number,
): Float64Array {
  const before = new Int32Array(vertices).fill(-1)
  const after = new Int32Array(vertices).fill(-1)
  for (const layer of layers)
    layer.forEach((vertex, i) => {
      before[vertex] = layer[i - 1] ?? -1
      after[vertex] = layer[i + 1] ?? -1
    })
  const chain = function* (from: number): Generator<number> {
    let vertex = from
    do {
      yield vertex
      vertex = next[vertex]!
    } while (vertex !== from)
  }
  const order = chainOrder(layers, root, before, vertices)
  const across = new Float64Array(vertices)
  for (const head of order) {
    let x = 0
    for (const vertex of chain(head)) {
      const left = before[vertex]!
      if (left >= 0) x = Math.max(x, across[root[left]!]! + gap(left, vertex))
    }
    across[head] = x
  }
  // Towards the right neighbours, so that what stands far to the left does not stay there alone.
  for (const head of [...order].reverse()) {
    let room = Infinity
    for (const vertex of chain(head)) {
      const right = after[vertex]!
      if (right >= 0) room = Math.min(room, across[root[right]!]! - gap(vertex, right))
    }
    const hasLeft = [...chain(head)].some((vertex) => before[vertex]! >= 0)
    if (room < Infinity && !hasLeft) across[head] = Math.max(across[head]!, room)
  }
  return across.map((_, vertex) => across[root[vertex]!]!)
}

/** Heads of chains, each after all chains that stand to the left of one of its vertices. */
function chainOrder(
  layers: readonly (readonly number[])[],
  root: Int32Array,
  before: Int32Array,
  vertices: number,
): number[] {
  const waits = new Int32Array(vertices)
  const rights: number[][] = Array.from({ length: vertices }, () => [])
  for (const layer of layers)
    for (const vertex of layer) {
      const left = before[vertex]!
      if (left < 0) continue
      rights[root[left]!]!.push(root[vertex]!)
      waits[root[vertex]!]!++
    }
  const ready = layers.flat().filter((vertex) => root[vertex] === vertex && waits[vertex] === 0)
  const order: number[] = []
  for (let head = ready.pop(); head !== undefined; head = ready.pop()) {
    order.push(head)
    for (const right of rights[head]!) if (--waits[right]! === 0) ready.push(right)
  }
  return order
}

/** The passes lined up with the narrowest; of the four places of each vertex the mean of the middle two. */
function balanced(passes: readonly Float64Array[]): Float64Array {
  const ends = passes.map((pass) => [min(pass), max(pass)] as const)
  const narrowest = ends.reduce((best, [low, high], i) => (high - low < ends[best]![1] - ends[best]![0] ? i : best), 0)
  const [low, high] = ends[narrowest] ?? [0, 0]
  const shifts = ends.map(([from, to], i) => (i % 2 === 0 ? low - from : high - to))
  const length = passes[0]?.length ?? 0
  return Float64Array.from({ length }, (_, vertex) => {
    const places = passes.map((pass, i) => pass[vertex]! + shifts[i]!).sort((a, b) => a - b)
    return (places[1]! + places[2]!) / 2
  })
}

const min = (values: Float64Array): number => values.reduce((least, value) => Math.min(least, value), Infinity)
const max = (values: Float64Array): number => values.reduce((most, value) => Math.max(most, value), -Infinity)
