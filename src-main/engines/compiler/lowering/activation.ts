import { intAttribute, type NetworkNode } from '../../../core/graph/network'
import type { Ref } from '../graph'
import { leakyRelu, relu, relu6, sigmoid, softmax, tanh } from '../operations/activation'
import { affine, multiply } from '../operations/arithmetic'
import type { Scope } from '../scope'
import { numberOf, type Lowering } from './row'

const number = (node: NetworkNode, name: string, fallback: number): number => {
  const value = node.attributes[name]
  return typeof value === 'number' ? value : fallback
}

/** clip(x, low, high), through the one bounded op whose gradient TensorFlow has: relu6. */
function clipped(scope: Scope, x: Ref, low: number, high: number): Ref {
  const scale = (high - low) / 6
  return affine(scope, relu6(scope, affine(scope, x, 1 / scale, -low / scale)), scale, low)
}

const clip: Lowering = (node, scope) => {
  const low = numberOf(node, scope, 'min', 1, -Infinity)
  const high = numberOf(node, scope, 'max', 2, Infinity)
  const x = scope.input(node, 0).ref
  if (low === 0 && high > 1e30) return relu(scope, x)
  if (low < -1e30 || high > 1e30 || !(high > low)) throw scope.unsupported(node, `clips to ${low} … ${high}`)
  return clipped(scope, x, low, high)
}

/** clip(alpha · x + beta, 0, 1) */
const hardSigmoidOf = (scope: Scope, x: Ref, alpha: number, beta: number): Ref =>
  affine(scope, relu6(scope, affine(scope, x, 6 * alpha, 6 * beta)), 1 / 6, 0)

const hardSigmoid: Lowering = (node, scope) =>
  hardSigmoidOf(scope, scope.input(node, 0).ref, number(node, 'alpha', 0.2), number(node, 'beta', 0.5))

const hardSwish: Lowering = (node, scope) => {
  const x = scope.input(node, 0)
  return multiply(scope, x, { ref: hardSigmoidOf(scope, x.ref, 1 / 6, 0.5), shape: x.shape }, x.shape)
}

/** Over the axis that comes last in the graph: the channels of 4-D (axis 1), the last one otherwise. */
const softmaxRow: Lowering = (node, scope) => {
  const x = scope.input(node, 0)
  const rank = x.shape.length
  const axis = intAttribute(node, 'axis', scope.options.network.opset < 13 ? 1 : -1)
  const positive = axis < 0 ? axis + rank : axis
  if (positive !== (rank === 4 ? 1 : rank - 1)) throw scope.unsupported(node, `runs over axis ${axis} of ${rank}`)
  return softmax(scope, x.ref, rank)
}

export const activationRows: Record<string, Lowering> = {
  Relu: (node, scope) => relu(scope, scope.input(node, 0).ref),
  LeakyRelu: (node, scope) => leakyRelu(scope, scope.input(node, 0).ref, number(node, 'alpha', 0.01)),
  Sigmoid: (node, scope) => sigmoid(scope, scope.input(node, 0).ref),
  Tanh: (node, scope) => tanh(scope, scope.input(node, 0).ref),
  Clip: clip,
  HardSigmoid: hardSigmoid,
  HardSwish: hardSwish,
  Softmax: softmaxRow,
}
