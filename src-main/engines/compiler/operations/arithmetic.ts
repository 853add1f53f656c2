import { broadcast } from '../../../core/graph/ops/elementwise'
import { FLOAT, type Ref } from '../graph'
import { graphAxis, withLeadingOnes } from '../layout'
import { record, type Pass, type Value } from '../pass'
import { compare } from './elementwise'

/**
 * A gradient of shape `from`, summed down to `to`, the shape of an operand that was broadcast (ONNX order, right-aligned).
 */
function unbroadcast(pass: Pass, dy: Ref, from: Value['shape'], to: Value['shape']): Ref {
  const axes = withLeadingOnes(to, from.length).flatMap((dim, axis) => (dim === 1 && from[axis] !== 1 ? [axis] : []))
  if (axes.length === 0) return dy
  const inGraph = axes.map((axis) => graphAxis(axis, from.length)).sort((a, b) => a - b)
  return pass.graph.sum(dy, inGraph, true)
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

/** a / b, with broadcasting. */
export function divide(pass: Pass, a: Value, b: Value, shape: Value['shape']): Ref {
  const { graph } = pass
  const y = graph.node('RealDiv', [a.ref, b.ref], { T: FLOAT })
  return record(pass, y, [a.ref, b.ref], (dy, accumulate) => {
    const share = () => graph.node('RealDiv', [dy, b.ref], { T: FLOAT })
    accumulate(a.ref, () => unbroadcast(pass, share(), shape, a.shape))
    accumulate(b.ref, () => {
      const product = graph.node('Mul', [share(), y], { T: FLOAT })
      return graph.node('Mul', [unbroadcast(pass, product, shape, b.shape), graph.scalar(-1)], { T: FLOAT })
    })
  })
}

/** aᵇ, with broadcasting; the gradient of b needs a > 0. */
export function power(pass: Pass, a: Value, b: Value, shape: Value['shape']): Ref {
  const { graph } = pass
  const node = (op: string, ...inputs: Ref[]) => graph.node(op, inputs, { T: FLOAT })
  const y = node('Pow', a.ref, b.ref)
  return record(pass, y, [a.ref, b.ref], (dy, accumulate) => {
    accumulate(a.ref, () => {
      const slope = node('Mul', b.ref, node('Pow', a.ref, node('Sub', b.ref, graph.scalar(1))))
      return unbroadcast(pass, node('Mul', dy, slope), shape, a.shape)
    })
    accumulate(b.ref, () => unbroadcast(pass, node('Mul', dy, node('Mul', y, node('Log', a.ref))), shape, b.shape))
  })
}

/** The larger (or smaller) of two, with broadcasting; of equals the first gets the gradient. */
export function extreme(pass: Pass, op: 'Maximum' | 'Minimum', a: Value, b: Value): Value {
  const { graph } = pass
  const shape = broadcast(a.shape, b.shape)
  const ref = graph.node(op, [a.ref, b.ref], { T: FLOAT })
  record(pass, ref, [a.ref, b.ref], (dy, accumulate) => {
    const wins = compare(pass, op === 'Maximum' ? 'GreaterEqual' : 'LessEqual', a.ref, b.ref)
    accumulate(a.ref, () => unbroadcast(pass, graph.node('Mul', [dy, wins], { T: FLOAT }), shape, a.shape))
    accumulate(b.ref, () => {
      const loses = graph.node('Sub', [graph.scalar(1), wins], { T: FLOAT })
      return unbroadcast(pass, graph.node('Mul', [dy, loses], { T: FLOAT }), shape, b.shape)
    })
  })
  return { ref, shape }
}

/** a where `condition` (0 or 1) holds, else b, with broadcasting. */
export function choose(pass: Pass, condition: Value, a: Value, b: Value): Value {
  const { graph } = pass
  const shape = broadcast(broadcast(condition.shape, a.shape), b.shape)
  const truth = graph.node('NotEqual', [condition.ref, graph.scalar(0)], { T: FLOAT })
  const pick = (x: Ref, y: Ref) => graph.node('SelectV2', [truth, x, y], { T: FLOAT })
  const ref = pick(a.ref, b.ref)
  record(pass, ref, [a.ref, b.ref], (dy, accumulate) => {
    accumulate(a.ref, () => unbroadcast(pass, pick(dy, graph.scalar(0)), shape, a.shape))
    accumulate(b.ref, () => unbroadcast(pass, pick(graph.scalar(0), dy), shape, b.shape))
  })
  return { ref, shape }
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
