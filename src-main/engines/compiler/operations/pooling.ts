import { FLOAT, INT, type Attribute, type Ref } from '../graph'
import { DATA_FORMAT } from '../layout'
import { record, type Pass } from '../pass'

/** Height, width. */
export interface PoolWindow {
  readonly kernel: readonly [number, number]
  readonly strides: readonly [number, number]
}

const poolAttributes = ({ kernel, strides }: PoolWindow): Record<string, Attribute> => ({
  T: FLOAT,
  ksize: { ints: [1, ...kernel, 1] },
  strides: { ints: [1, ...strides, 1] },
  padding: { string: 'VALID' },
  data_format: DATA_FORMAT,
})

/** Largest value per window of x [N, H, W, C], without padding. */
export function maxPool(pass: Pass, x: Ref, window: PoolWindow): Ref {
  const { graph } = pass
  const attributes = poolAttributes(window)
  const y = graph.node('MaxPool', [x], attributes)
  return record(pass, y, [x], (dy, accumulate) =>
    accumulate(x, () => graph.node('MaxPoolGrad', [x, y, dy], attributes)),
  )
}

/** Mean per window of x [N, H, W, C], without padding. */
export function averagePool(pass: Pass, x: Ref, window: PoolWindow): Ref {
  const { graph } = pass
  const attributes = poolAttributes(window)
  const y = graph.node('AvgPool', [x], attributes)
  return record(pass, y, [x], (dy, accumulate) =>
    accumulate(x, () => graph.node('AvgPoolGrad', [graph.shapeOf(x), dy], attributes)),
  )
}

/**
 * Every so many pixels of x [N, H, W, C], from the first: a 1×1 pool, several times faster than a strided slice. Its
 * gradient puts the pixels back between zeros by one pad of [N·h, 1, w, 1, C] to [N·h, sh, w, sw, C], in less than half
 * the time of the pool's own.
 */
export function subsample(
  pass: Pass,
  x: Ref,
  [height, width]: readonly [number, number],
  channels: number,
  [down, across]: readonly [number, number],
): Ref {
  const { graph } = pass
  const window: PoolWindow = { kernel: [1, 1], strides: [down, across] }
  // Whole steps only: else the last pixels would stand for less than a stride.
  if (height % down || width % across) return averagePool(pass, x, window)
  const y = graph.node('AvgPool', [x], poolAttributes(window))
  return record(pass, y, [x], (dy, accumulate) =>
    accumulate(x, () => {
      const rows = graph.reshape(dy, [-1, 1, width / across, 1, channels])
      const table = graph.constant('int32', [5, 2], [0, 0, 0, down - 1, 0, 0, 0, across - 1, 0, 0])
      const spread = graph.node('Pad', [rows, table], { T: FLOAT, Tpaddings: INT })
      return graph.reshape(spread, [-1, height, width, channels])
    }),
  )
}

/** Mean over height and width of x [N, H, W, C] → [N, 1, 1, C], or [N, C] without `keepDims`. */
export function spatialMean(
  pass: Pass,
  x: Ref,
  [height, width]: [number, number],
  channels: number,
  keepDims: boolean,
): Ref {
  const { graph } = pass
  const y = graph.node('Mean', [x, graph.ints([1, 2])], { T: FLOAT, Tidx: INT, keep_dims: { bool: keepDims } })
  return record(pass, y, [x], (dy, accumulate) =>
    accumulate(x, () => {
      const wide = keepDims ? dy : graph.reshape(dy, [-1, 1, 1, channels])
      const share = new Float32Array(height * width).fill(1 / (height * width))
      return graph.node('Mul', [wide, graph.constant('float32', [1, height, width, 1], share)], { T: FLOAT })
    }),
  )
}
