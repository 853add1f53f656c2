import { FLOAT, INT, type GraphBuilder, type Ref } from '../graph'
import { record, type Pass } from '../pass'

/** Rows of weights: entry [i][j] is what element j gives to result i. */
export type Matrix = readonly (readonly number[])[]

const volume = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1)
/** A product of extents, −1 where one of them is unknown. */
const extent = (dims: readonly number[]): number => (dims.some((dim) => dim < 0) ? -1 : volume(dims))

/** matrix · x along `axis`; `dims` is x's shape in the graph, −1 at most once. */
function product(graph: GraphBuilder, x: Ref, dims: readonly number[], axis: number, matrix: Matrix): Ref {
  const [rows, columns] = [matrix.length, matrix[0]?.length ?? 0]
  const inner = extent(dims.slice(axis + 1))
  const weights = (shape: readonly number[]) => graph.constant('float32', shape, matrix.flat())
  const result = dims.with(axis, rows)
  if (inner === 1) {
    const flat = graph.reshape(x, [extent(dims.slice(0, axis)), columns])
    const attributes = { T: FLOAT, transpose_a: { bool: false }, transpose_b: { bool: true } }
    return graph.reshape(graph.node('MatMul', [flat, weights([rows, columns])], attributes), result)
  }
  const stacked = graph.reshape(x, [extent(dims.slice(0, axis)), columns, inner])
  return graph.reshape(graph.node('BatchMatMulV2', [weights([1, rows, columns]), stacked], { T: FLOAT }), result)
}

const transposed = (matrix: Matrix): Matrix => (matrix[0] ?? []).map((_, j) => matrix.map((row) => row[j]))

/**
 * Along one axis (the graph's) every result is a weighted sum of elements: linear and cubic resizing, sums over
 * windows.
 * @param dims x's shape in the graph; −1 at most once, and not at `axis`
 */
export function mix(pass: Pass, x: Ref, dims: readonly number[], axis: number, matrix: Matrix): Ref {
  const y = product(pass.graph, x, dims, axis, matrix)
  return record(pass, y, [x], (dy, accumulate) =>
    accumulate(x, () => product(pass.graph, dy, dims.with(axis, matrix.length), axis, transposed(matrix))),
  )
}

/** Along one axis (the graph's) the elements at `indices`, in that order and as often as they are named. */
export function select(pass: Pass, x: Ref, dims: readonly number[], axis: number, indices: readonly number[]): Ref {
  const { graph } = pass
  const attributes = { Tparams: FLOAT, Tindices: INT, Taxis: INT, batch_dims: { int: 0 } }
  const y = graph.node('GatherV2', [x, graph.ints(indices), graph.constant('int32', [], [axis])], attributes)
  return record(pass, y, [x], (dy, accumulate) =>
    accumulate(x, () => {
      const size = dims[axis]
      const times = indices.length / size
      if (Number.isInteger(times) && indices.every((index, i) => index === Math.floor(i / times))) {
        const apart = graph.reshape(dy, [...dims.slice(0, axis + 1), times, ...dims.slice(axis + 1)])
        return graph.sum(apart, [axis + 1], false)
      }
      const back = Array.from({ length: size }, (_, j) => indices.map((index) => (index === j ? 1 : 0)))
      return product(graph, dy, dims.with(axis, indices.length), axis, back)
    }),
  )
}

/** x repeated `times` along every axis (the graph's order); `dims` is x's shape, −1 at most once. */
export function tile(pass: Pass, x: Ref, dims: readonly number[], times: readonly number[]): Ref {
  const { graph } = pass
  const y = graph.node('Tile', [x, graph.ints(times)], { T: FLOAT, Tmultiples: INT })
  return record(pass, y, [x], (dy, accumulate) =>
    accumulate(x, () => {
      // One axis at a time: summing over many at once needs more dimensions than the kernels have.
      let sum = dy
      const now = dims.map((dim, axis) => (dim < 0 ? -1 : dim * times[axis]))
      times.forEach((count, axis) => {
        if (count === 1) return
        const apart = graph.reshape(sum, [...now.slice(0, axis), count, dims[axis], ...now.slice(axis + 1)])
        sum = graph.sum(apart, [axis], false)
        now[axis] = dims[axis]
      })
      return sum
    }),
  )
}
