import { FLOAT, type Ref } from '../graph'
import { record, type Pass } from '../scope'

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
