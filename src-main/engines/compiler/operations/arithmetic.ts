import { FLOAT, INT, type Ref } from '../graph'
import { record, type Pass, type Value } from '../scope'

/**
 * A gradient of shape `from`, summed down to `to`, the shape of an operand that was broadcast (ONNX order, right-aligned).
 */
function unbroadcast(pass: Pass, dy: Ref, from: Value['shape'], to: Value['shape']): Ref {
  const missing = from.length - to.length
  const expanded = [...new Array<number>(missing).fill(1), ...to]
  const axes = expanded.flatMap((dim, axis) => (dim === 1 && from[axis] !== 1 ? [axis] : []))
  if (axes.length === 0) return dy
  const graphAxes = from.length === 4 ? axes.map((axis) => [0, 3, 1, 2][axis]) : axes
  return pass.graph.node('Sum', [dy, pass.graph.ints(graphAxes.sort())], {
    T: FLOAT,
    Tidx: INT,
    keep_dims: { bool: true },
  })
}

/** a + b, with broadcasting; `shape` is the result's. Operands of 4-D results are 4-D. */
export function add(pass: Pass, a: Value, b: Value, shape: Value['shape']): Ref {
  const y = pass.graph.node('AddV2', [a.ref, b.ref], { T: FLOAT })
  return record(pass, y, [a.ref, b.ref], (dy, accumulate) => {
    for (const operand of [a, b]) accumulate(operand.ref, () => unbroadcast(pass, dy, shape, operand.shape))
  })
}

/** a − b, with broadcasting. */
export function subtract(pass: Pass, a: Value, b: Value, shape: Value['shape']): Ref {
  const { graph } = pass
  const y = graph.node('Sub', [a.ref, b.ref], { T: FLOAT })
  return record(pass, y, [a.ref, b.ref], (dy, accumulate) => {
    accumulate(a.ref, () => unbroadcast(pass, dy, shape, a.shape))
    accumulate(b.ref, () => graph.node('Mul', [unbroadcast(pass, dy, shape, b.shape), graph.scalar(-1)], { T: FLOAT }))
  })
}

/** a · b, with broadcasting. */
export function multiply(pass: Pass, a: Value, b: Value, shape: Value['shape']): Ref {
  const { graph } = pass
  const y = graph.node('Mul', [a.ref, b.ref], { T: FLOAT })
  return record(pass, y, [a.ref, b.ref], (dy, accumulate) => {
    const toward = (operand: Value, other: Value) =>
      accumulate(operand.ref, () =>
        unbroadcast(pass, graph.node('Mul', [dy, other.ref], { T: FLOAT }), shape, operand.shape),
      )
    toward(a, b)
    toward(b, a)
  })
}

/** x · factor + offset, for two numbers. */
export function affine(pass: Pass, x: Ref, factor: number, offset: number): Ref {
  const { graph } = pass
  let y = factor === 1 ? x : graph.node('Mul', [x, graph.scalar(factor)], { T: FLOAT })
  if (offset !== 0) y = graph.node('AddV2', [y, graph.scalar(offset)], { T: FLOAT })
  if (y === x) return x
  return record(pass, y, [x], (dy, accumulate) =>
    accumulate(x, () => (factor === 1 ? dy : graph.node('Mul', [dy, graph.scalar(factor)], { T: FLOAT }))),
  )
}

/** The sum of several tensors of one shape. */
export function addMany(pass: Pass, inputs: readonly Ref[]): Ref {
  const y = pass.graph.node('AddN', inputs, { T: FLOAT, N: { int: inputs.length } })
  return record(pass, y, inputs, (dy, accumulate) => inputs.forEach((input) => accumulate(input, () => dy)))
}
