import { tf, type Tensor, type Tensor2D } from '../tfjs'
import { boolOf, type Cell, type Kernel } from './kernel'

const matMul: Kernel = (inputs, node) =>
  tf.matMul(
    inputs.tensor<Tensor2D>(0),
    inputs.tensor<Tensor2D>(1),
    boolOf(node, 'transpose_a'),
    boolOf(node, 'transpose_b'),
  )

/** The backend's kernel broadcasts a single matrix against many, no axes between them. */
const batchMatMul: Kernel = (inputs, node) => {
  const given = [inputs.tensor(0), inputs.tensor(1)]
  const outer = given.map(({ shape }) => shape.slice(0, -2))
  const shape = tf.backend_util.assertAndGetBroadcastShape(outer[0], outer[1])
  const [a, b] = given.map((x, i) =>
    outer[i].every((dim) => dim === 1) ? x : tf.broadcastTo(x, [...shape, ...x.shape.slice(-2)]),
  )
  return tf.matMul(a, b, boolOf(node, 'adj_x'), boolOf(node, 'adj_y'))
}

/**
 * Cross-entropy per row, and its gradient softmax − target. In JavaScript: logits are few, and this way neither
 * overflows nor loses digits.
 */
function crossEntropy(logits: Tensor2D, targetOf: (row: number, column: number) => number): [Tensor, Tensor] {
  const [rows, columns] = logits.shape
  const values = logits.dataSync() as Float32Array
  const losses = new Float32Array(rows)
  const gradients = new Float32Array(values.length)
  for (let row = 0; row < rows; row++) {
    const from = row * columns
    const line = values.subarray(from, from + columns)
    const peak = line.reduce((a, b) => Math.max(a, b), -Infinity)
    const total = line.reduce((sum, value) => sum + Math.exp(value - peak), 0)
    const logTotal = Math.log(total) + peak
    for (let column = 0; column < columns; column++) {
      const target = targetOf(row, column)
      losses[row] += target * (logTotal - line[column])
      gradients[from + column] = Math.exp(line[column] - logTotal) - target
    }
  }
  return [tf.tensor(losses, [rows]), tf.tensor(gradients, [rows, columns])]
}

const sparseCrossEntropy: Kernel = (inputs) => {
  const labels = inputs.tensor(1).dataSync()
  return crossEntropy(inputs.tensor<Tensor2D>(0), (row, column) => (labels[row] === column ? 1 : 0))
}

const softCrossEntropy: Kernel = (inputs) => {
  const [logits, targets] = [inputs.tensor<Tensor2D>(0), inputs.tensor<Tensor2D>(1)]
  const values = targets.dataSync()
  return crossEntropy(logits, (row, column) => values[row * logits.shape[1] + column])
}

function assign(cell: Cell, value: Tensor): Tensor {
  cell.tensor?.dispose()
  cell.tensor = tf.keep(tf.clone(value))
  return cell.tensor
}

/** See engines/compiler/optimizer.ts for the formula. */
const applyMomentum: Kernel = (inputs, node) => {
  const [weights, velocity] = [inputs.cell(0), inputs.cell(1)]
  const [rate, gradient, momentum] = [2, 3, 4].map((index) => inputs.tensor(index))
  const moved = assign(velocity, tf.add(tf.mul(velocity.tensor!, momentum), gradient))
  const step = boolOf(node, 'use_nesterov') ? tf.add(gradient, tf.mul(moved, momentum)) : moved
  assign(weights, tf.sub(weights.tensor!, tf.mul(step, rate)))
  return []
}

/** Inputs: variable, rate, l1, l2, gradient. See TensorFlow's training_ops.cc. */
const applyProximal: Kernel = (inputs) => {
  const weights = inputs.cell(0)
  const [rate, l1, l2, gradient] = [1, 2, 3, 4].map((index) => inputs.tensor(index))
  const moved = tf.sub(weights.tensor!, tf.mul(rate, gradient))
  const shrunk = tf.relu(tf.sub(tf.abs(moved), tf.mul(rate, l1)))
  assign(weights, tf.div(tf.mul(tf.sign(moved), shrunk), tf.add(1, tf.mul(rate, l2))))
  return []
}

export const learningKernels: Record<string, Kernel> = {
  MatMul: matMul,
  BatchMatMulV2: batchMatMul,
  SparseSoftmaxCrossEntropyWithLogits: sparseCrossEntropy,
  SoftmaxCrossEntropyWithLogits: softCrossEntropy,
  ReadVariableOp: (inputs) => tf.clone(inputs.cell(0).tensor!),
  AssignVariableOp: (inputs) => {
    assign(inputs.cell(0), inputs.tensor(1))
    return []
  },
  ResourceApplyMomentum: applyMomentum,
  ResourceApplyProximalGradientDescent: applyProximal,
}
