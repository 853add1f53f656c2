import { FLOAT, INT, type Attribute, type Ref } from '../graph'
import { record, type Pass } from '../scope'

export interface PoolWindow {
  readonly kernel: readonly [number, number]
  readonly strides: readonly [number, number]
}

const poolAttributes = ({ kernel, strides }: PoolWindow): Record<string, Attribute> => ({
  T: FLOAT,
  ksize: { ints: [1, ...kernel, 1] },
  strides: { ints: [1, ...strides, 1] },
  padding: { string: 'VALID' },
  data_format: { string: 'NHWC' },
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
      const wide = keepDims
        ? dy
        : graph.node('Reshape', [dy, graph.ints([-1, 1, 1, channels])], { T: FLOAT, Tshape: INT })
      const share = new Float32Array(height * width).fill(1 / (height * width))
      return graph.node('Mul', [wide, graph.constant('float32', [1, height, width, 1], share)], { T: FLOAT })
    }),
  )
}
