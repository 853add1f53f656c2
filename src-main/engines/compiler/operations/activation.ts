import { FLOAT, type Ref } from '../graph'
import { record, type Pass } from '../pass'

/** An element-wise op whose gradient op takes (dy, y) or (y, dy), as TensorFlow has it for each. */
const unary =
  (op: string, gradientOp: string, order: 'dy first' | 'y first') =>
  (pass: Pass, x: Ref): Ref => {
    const { graph } = pass
    const y = graph.node(op, [x], { T: FLOAT })
    return record(pass, y, [x], (dy, accumulate) =>
      accumulate(x, () => graph.node(gradientOp, order === 'dy first' ? [dy, y] : [y, dy], { T: FLOAT })),
    )
  }

// All of them: x of any shape → the same shape.
export const relu = unary('Relu', 'ReluGrad', 'dy first')
export const relu6 = unary('Relu6', 'Relu6Grad', 'dy first')
export const sigmoid = unary('Sigmoid', 'SigmoidGrad', 'y first')
export const tanh = unary('Tanh', 'TanhGrad', 'y first')

/** x where x > 0, else slope · x. */
export function leakyRelu(pass: Pass, x: Ref, slope: number): Ref {
  const { graph } = pass
  const attributes = { T: FLOAT, alpha: { float: slope } }
  const y = graph.node('LeakyRelu', [x], attributes)
  return record(pass, y, [x], (dy, accumulate) => accumulate(x, () => graph.node('LeakyReluGrad', [dy, x], attributes)))
}

/** Over the last axis of x, of `rank` dimensions. */
export function softmax(pass: Pass, x: Ref, rank: number): Ref {
  const { graph } = pass
  const y = graph.node('Softmax', [x], { T: FLOAT })
  return record(pass, y, [x], (dy, accumulate) =>
    accumulate(x, () => {
      const product = graph.node('Mul', [dy, y], { T: FLOAT })
      const sum = graph.sum(product, [rank - 1], true)
      return graph.node('Mul', [graph.node('Sub', [dy, sum], { T: FLOAT }), y], { T: FLOAT })
    }),
  )
}

/** Logarithm of the softmax over the last axis of x, of `rank` dimensions. */
export function logSoftmax(pass: Pass, x: Ref, rank: number): Ref {
  const { graph } = pass
  const y = graph.node('LogSoftmax', [x], { T: FLOAT })
  return record(pass, y, [x], (dy, accumulate) =>
    accumulate(x, () => {
      const sum = graph.sum(dy, [rank - 1], true)
      const share = graph.node('Mul', [graph.node('Exp', [y], { T: FLOAT }), sum], { T: FLOAT })
      return graph.node('Sub', [dy, share], { T: FLOAT })
    }),
  )
}
