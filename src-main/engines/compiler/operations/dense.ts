import { broadcast } from '../../../core/graph/ops/elementwise'
import { FLOAT, type Ref } from '../graph'
import { record, type Pass, type Value } from '../pass'

/** x [N, K] · w [K, M], or w [M, K] transposed. */
export function matMul(pass: Pass, x: Ref, w: Ref, transposed: boolean): Ref {
  const { graph } = pass
  const product = (a: Ref, b: Ref, transposeA: boolean, transposeB: boolean) =>
    graph.node('MatMul', [a, b], { T: FLOAT, transpose_a: { bool: transposeA }, transpose_b: { bool: transposeB } })
  const y = product(x, w, false, transposed)
  return record(pass, y, [x, w], (dy, accumulate) => {
    accumulate(w, () => (transposed ? product(dy, x, true, false) : product(x, dy, true, false)))
    accumulate(x, () => product(dy, w, false, !transposed))
  })
}

/** a […, N, K] · b […, K, M], both of one rank and in ONNX order; the axes before the last two broadcast. */
export function batchMatMul(pass: Pass, a: Value, b: Value): Value {
  const { graph } = pass
  const product = (x: Ref, y: Ref, adjX: boolean, adjY: boolean) =>
    graph.node('BatchMatMulV2', [x, y], { T: FLOAT, adj_x: { bool: adjX }, adj_y: { bool: adjY } })
  const outer = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2))
  /** Sums a gradient over the axes along which an operand was repeated. */
  const shrink = (dy: Ref, operand: Value): Ref => {
    const axes = outer.flatMap((dim, axis) => (dim !== 1 && operand.shape[axis] === 1 ? [axis] : []))
    if (axes.length === 0) return dy
    return graph.sum(dy, axes, true)
  }
  const ref = product(a.ref, b.ref, false, false)
  record(pass, ref, [a.ref, b.ref], (dy, accumulate) => {
    accumulate(a.ref, () => shrink(product(dy, b.ref, false, true), a))
    accumulate(b.ref, () => shrink(product(a.ref, dy, true, false), b))
  })
  return { ref, shape: [...outer, a.shape[a.shape.length - 2], b.shape[b.shape.length - 1]] }
}
