import { FLOAT, INT, type Ref } from '../graph'
import { graphAxis } from '../layout'
import { record, type Pass, type Value } from '../pass'

/** Axes in the graph's order, sorted. */
const graphAxes = (x: Value, axes: readonly number[]): number[] =>
  axes.map((axis) => graphAxis(axis, x.shape.length)).sort((a, b) => a - b)

const reduce = (pass: Pass, op: string, x: Ref, axes: readonly number[]): Ref =>
  pass.graph.node(op, [x, pass.graph.ints(axes)], { T: FLOAT, Tidx: INT, keep_dims: { bool: true } })

const reducedShape = (x: Value, axes: readonly number[]): Value['shape'] =>
  x.shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim))

/** Like x in shape, so that gradients of its reductions broadcast to x. */
const onesLike = (pass: Pass, x: Ref): Ref => pass.graph.node('OnesLike', [x], { T: FLOAT })

/** The sum over `axes` (ONNX order, not negative), which stay with size 1. */
export function sumOver(pass: Pass, x: Value, axes: readonly number[]): Value {
  const ref = reduce(pass, 'Sum', x.ref, graphAxes(x, axes))
  record(pass, ref, [x.ref], (dy, accumulate) =>
    accumulate(x.ref, () => pass.graph.node('Mul', [onesLike(pass, x.ref), dy], { T: FLOAT })),
  )
  return { ref, shape: reducedShape(x, axes) }
}

/** The mean over `axes`, which stay with size 1. Their extents must be known. */
export function meanOver(pass: Pass, x: Value, axes: readonly number[]): Value {
  const { graph } = pass
  const count = axes.reduce((product, axis) => product * Number(x.shape[axis]), 1)
  const ref = reduce(pass, 'Mean', x.ref, graphAxes(x, axes))
  record(pass, ref, [x.ref], (dy, accumulate) =>
    accumulate(x.ref, () => {
      const share = graph.node('Mul', [dy, graph.scalar(1 / count)], { T: FLOAT })
      return graph.node('Mul', [onesLike(pass, x.ref), share], { T: FLOAT })
    }),
  )
  return { ref, shape: reducedShape(x, axes) }
}

/** The largest (or smallest) over `axes`, which stay with size 1; equals share the gradient. */
export function extremeOver(pass: Pass, op: 'Max' | 'Min', x: Value, axes: readonly number[]): Value {
  const { graph } = pass
  const inGraph = graphAxes(x, axes)
  const ref = reduce(pass, op, x.ref, inGraph)
  record(pass, ref, [x.ref], (dy, accumulate) =>
    accumulate(x.ref, () => {
      const same = graph.node('Equal', [x.ref, ref], { T: FLOAT })
      const mask = graph.node('Cast', [same], { SrcT: { type: 'bool' }, DstT: FLOAT })
      const share = graph.node('RealDiv', [dy, reduce(pass, 'Sum', mask, inGraph)], { T: FLOAT })
      return graph.node('Mul', [mask, share], { T: FLOAT })
    }),
  )
  return { ref, shape: reducedShape(x, axes) }
}

/** The product over `axes`, which stay with size 1. The gradient divides by x: none where an element is 0. */
export function productOver(pass: Pass, x: Value, axes: readonly number[]): Value {
  const { graph } = pass
  const ref = reduce(pass, 'Prod', x.ref, graphAxes(x, axes))
  record(pass, ref, [x.ref], (dy, accumulate) =>
    accumulate(x.ref, () => graph.node('RealDiv', [graph.node('Mul', [dy, ref], { T: FLOAT }), x.ref], { T: FLOAT })),
  )
  return { ref, shape: reducedShape(x, axes) }
}

/** Where along `axis` the largest (or smallest) lies, the first of equals, as a float; the axis stays with size 1. */
export function argExtreme(pass: Pass, op: 'ArgMax' | 'ArgMin', x: Value, axis: number): Value {
  const { graph } = pass
  const inGraph = graphAxis(axis, x.shape.length)
  const at = graph.node(op, [x.ref, graph.constant('int32', [], [inGraph])], { T: FLOAT, Tidx: INT, output_type: INT })
  const float = graph.node('Cast', [at], { SrcT: INT, DstT: FLOAT })
  const ref = graph.node('ExpandDims', [float, graph.constant('int32', [], [inGraph])], { T: FLOAT, Tdim: INT })
  return { ref, shape: reducedShape(x, [axis]) }
}
