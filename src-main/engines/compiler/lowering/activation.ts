import { intAttribute } from '../../../core/graph/network'
import type { Ref } from '../graph'
import { leakyRelu, logSoftmax, relu, relu6, sigmoid, softmax, tanh } from '../operations/activation'
import { affine, multiply } from '../operations/arithmetic'
import { reshapeTo, transposeTo } from '../operations/arrange'
import type { Scope, Value } from '../scope'
import { floatAttribute, fromFront, numberOf, show, type Lowering } from './row'

/** clip(x, low, high), through the one bounded op whose gradient TensorFlow has: relu6. */
function clipped(scope: Scope, x: Ref, low: number, high: number): Ref {
  const scale = (high - low) / 6
  return affine(scope, relu6(scope, affine(scope, x, 1 / scale, -low / scale)), scale, low)
}

const clip: Lowering = (node, scope) => {
  const low = numberOf(node, scope, 'min', 1, -Infinity)
  const high = numberOf(node, scope, 'max', 2, Infinity)
  const x = scope.input(node, 0)
  const [below, above] = [low > -1e30, high < 1e30]
  if (!below && !above) return x
  if (below && above && high > low) return { ref: clipped(scope, x.ref, low, high), shape: x.shape }
  // max(x, low) = relu(x − low) + low; min(x, high) = high − relu(high − x).
  let { ref } = x
  if (below) ref = affine(scope, relu(scope, affine(scope, ref, 1, -low)), 1, low)
  if (above) ref = affine(scope, relu(scope, affine(scope, ref, -1, high)), -1, high)
  return { ref, shape: x.shape }
}

/** clip(alpha · x + beta, 0, 1) */
const hardSigmoidOf = (scope: Scope, x: Ref, alpha: number, beta: number): Ref =>
  affine(scope, relu6(scope, affine(scope, x, 6 * alpha, 6 * beta)), 1 / 6, 0)

const hardSigmoid: Lowering = (node, scope) =>
  hardSigmoidOf(scope, scope.input(node, 0).ref, floatAttribute(node, 'alpha', 0.2), floatAttribute(node, 'beta', 0.5))

const hardSwish: Lowering = (node, scope) => {
  const x = scope.input(node, 0)
  return multiply(scope, x, { ref: hardSigmoidOf(scope, x.ref, 1 / 6, 0.5), shape: x.shape }, x.shape)
}

/** Softmax or its logarithm over one axis, which is brought to the end for it. */
function overAxis(scope: Scope, x: Value, axis: number, compute: typeof softmax): Value {
  const rank = x.shape.length
  const last = rank === 4 ? 1 : rank - 1
  if (axis === last) return { ref: compute(scope, x.ref, rank), shape: x.shape }
  const swapped = [...x.shape.keys()].map((i) => (i === axis ? last : i === last ? axis : i))
  const turned = transposeTo(scope, x, swapped)
  return transposeTo(scope, { ref: compute(scope, turned.ref, rank), shape: turned.shape }, swapped)
}

/** Before opset 13 all axes from `axis` on were one; where they are not the last, they are flattened. */
const softmaxRow =
  (compute: typeof softmax): Lowering =>
  (node, scope) => {
    const x = scope.input(node, 0)
    const rank = x.shape.length
    const flattens = scope.options.network.opset < 13
    const axis = fromFront(intAttribute(node, 'axis', flattens ? 1 : -1), rank)
    if (!flattens || x.shape.slice(axis + 1).every((dim) => dim === 1)) return overAxis(scope, x, axis, compute)
    const inner = x.shape.slice(axis).reduce<number>((product, dim) => product * Number(dim), 1)
    const flat = reshapeTo(scope, x, [...x.shape.slice(0, axis), inner])
    const back = flat && reshapeTo(scope, overAxis(scope, flat, axis, compute), x.shape)
    if (!back) throw scope.unsupported(node, `runs over axes ${axis} and up of ${show(x.shape)}`)
    return back
  }

export const activationRows: Record<string, Lowering> = {
  Relu: (node, scope) => relu(scope, scope.input(node, 0).ref),
  LeakyRelu: (node, scope) => leakyRelu(scope, scope.input(node, 0).ref, floatAttribute(node, 'alpha', 0.01)),
  Sigmoid: (node, scope) => sigmoid(scope, scope.input(node, 0).ref),
  Tanh: (node, scope) => tanh(scope, scope.input(node, 0).ref),
  Clip: clip,
  HardSigmoid: hardSigmoid,
  HardSwish: hardSwish,
  Softmax: softmaxRow(softmax),
  LogSoftmax: softmaxRow(logSoftmax),
}
