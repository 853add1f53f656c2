import { FLOAT, INT, type Ref } from '../graph'
import { record, type Pass } from '../pass'

/** One entry per axis, in the graph's order. */
export interface SliceBounds {
  readonly begin: readonly number[]
  readonly strides: readonly number[]
  /** Elements taken; −1: all to the end (for the batch). */
  readonly size: readonly number[]
}

const SLICE = { T: FLOAT, Index: INT }

/** Joins along `axis` (the graph's). `sizes`: each input's extent there; `rank`: number of axes. */
export function concat(pass: Pass, inputs: readonly Ref[], axis: number, sizes: readonly number[], rank: number): Ref {
  const { graph } = pass
  const attributes = { T: FLOAT, Tidx: INT, N: { int: inputs.length } }
  const y = graph.node('ConcatV2', [...inputs, graph.constant('int32', [], [axis])], attributes)
  return record(pass, y, inputs, (dy, accumulate) => {
    let offset = 0
    inputs.forEach((input, i) => {
      const begin = new Array<number>(rank).fill(0)
      const size = new Array<number>(rank).fill(-1)
      begin[axis] = offset
      size[axis] = sizes[i]
      offset += sizes[i]
      accumulate(input, () => graph.node('Slice', [dy, graph.ints(begin), graph.ints(size)], SLICE))
    })
  })
}

/** A box out of x; `shape` is x's, in the graph's order (−1 for the batch). Steps above 1 are allowed. */
export function slice(pass: Pass, x: Ref, shape: readonly number[], bounds: SliceBounds): Ref {
  const { graph } = pass
  const { begin, size, strides } = bounds
  if (strides.every((step) => step === 1)) {
    const y = graph.node('Slice', [x, graph.ints(begin), graph.ints(size)], SLICE)
    return record(pass, y, [x], (dy, accumulate) =>
      accumulate(x, () => {
        const after = shape.map((extent, axis) => (size[axis] < 0 ? 0 : extent - begin[axis] - size[axis]))
        return graph.node('Pad', [dy, paddingTable(pass, begin, after)], { T: FLOAT, Tpaddings: INT })
      }),
    )
  }
  const wholeAxes = size.reduce((mask, extent, axis) => (extent < 0 ? mask | (1 << axis) : mask), 0)
  const end = begin.map((first, axis) => (size[axis] < 0 ? 0 : first + (size[axis] - 1) * strides[axis] + 1))
  const attributes = { T: FLOAT, Index: INT, begin_mask: { int: wholeAxes }, end_mask: { int: wholeAxes } }
  const range = [graph.ints(begin), graph.ints(end), graph.ints(strides)]
  const y = graph.node('StridedSlice', [x, ...range], attributes)
  return record(pass, y, [x], (dy, accumulate) =>
    accumulate(x, () => graph.node('StridedSliceGrad', [graph.shapeOf(x), ...range, dy], attributes)),
  )
}

/** Adds `before` and `after` elements per axis (the graph's order), filled with `value`. */
export function pad(
  pass: Pass,
  x: Ref,
  shape: readonly number[],
  before: readonly number[],
  after: readonly number[],
  value = 0,
): Ref {
  const { graph } = pass
  const table = paddingTable(pass, before, after)
  const attributes = { T: FLOAT, Tpaddings: INT }
  const y =
    value === 0
      ? graph.node('Pad', [x, table], attributes)
      : graph.node('PadV2', [x, table, graph.scalar(value)], attributes)
  return record(pass, y, [x], (dy, accumulate) =>
    accumulate(x, () => graph.node('Slice', [dy, graph.ints(before), graph.ints(shape)], SLICE)),
  )
}

function paddingTable({ graph }: Pass, before: readonly number[], after: readonly number[]): Ref {
  const pairs = before.flatMap((count, axis) => [count, after[axis]])
  return graph.constant('int32', [before.length, 2], pairs)
}

/** To `shape` (−1 for the batch). */
export function reshape(pass: Pass, x: Ref, shape: readonly number[]): Ref {
  const { graph } = pass
  const y = graph.reshape(x, shape)
  return record(pass, y, [x], (dy, accumulate) =>
    accumulate(x, () => graph.node('Reshape', [dy, graph.shapeOf(x)], { T: FLOAT, Tshape: INT })),
  )
}

/** Result axis i is axis order[i] of x. */
export function transpose(pass: Pass, x: Ref, order: readonly number[]): Ref {
  const { graph } = pass
  if (order.every((axis, i) => axis === i)) return x
  const attributes = { T: FLOAT, Tperm: INT }
  const y = graph.node('Transpose', [x, graph.ints(order)], attributes)
  const inverse = order.map((_, axis) => order.indexOf(axis))
  return record(pass, y, [x], (dy, accumulate) =>
    accumulate(x, () => graph.node('Transpose', [dy, graph.ints(inverse)], attributes)),
  )
}
