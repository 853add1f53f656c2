import { intAttribute, type NetworkNode } from '../../../core/graph/network'
import { FLOAT, type Ref } from '../graph'
import { graphAxis, placeholderShape, toGraphOrder } from '../layout'
import { add, affine, multiply, power, subtract } from '../operations/arithmetic'
import { reshapeTo } from '../operations/arrange'
import { rsqrt, square } from '../operations/elementwise'
import { normalizeByBatch, normalizeByStored } from '../operations/normalization'
import { meanOver } from '../operations/reduction'
import { mix } from '../operations/selection'
import { reshape } from '../operations/shaping'
import type { Scope, Value } from '../scope'
import { floatAttribute, fromFront, show, type Lowering } from './row'

/** X [N, C, H, W] or [N, C]; scale, B, mean, var [C]. ONNX's momentum is what the running statistics keep. */
const batchNormalization: Lowering = (node, scope) => {
  const x = scope.input(node, 0)
  const channels = x.shape[1]
  if ((x.shape.length !== 4 && x.shape.length !== 2) || typeof channels !== 'number')
    throw scope.unsupported(node, `normalises ${x.shape.length} dimensions; 2 or 4 are known`)
  const variables = {
    scale: scope.variable(node, 1, 'scale'),
    shift: scope.variable(node, 2, 'shift'),
    mean: scope.variable(node, 3, 'mean'),
    variance: scope.variable(node, 4, 'variance'),
  }
  const parameters = {
    scale: variables.scale.value,
    shift: variables.shift.value,
    mean: variables.mean.value,
    variance: variables.variance.value,
  }
  const { epsilon = 1e-5, momentum = 0.9 } = node.attributes as { epsilon?: number; momentum?: number }
  const flat = x.shape.length === 2
  const input = flat ? reshape(scope, x.ref, [-1, 1, 1, channels]) : x.ref
  const unflatten = (y: Ref) => (flat ? reshape(scope, y, [-1, channels]) : y)
  if (!scope.training) return unflatten(normalizeByStored(scope, input, parameters, epsilon))

  const { y, mean, variance } = normalizeByBatch(scope, input, parameters, epsilon, 1 - momentum)
  scope.updates.push(
    scope.graph.node('AssignVariableOp', [variables.mean.handle, mean], { dtype: FLOAT }),
    scope.graph.node('AssignVariableOp', [variables.variance.handle, variance], { dtype: FLOAT }),
  )
  return unflatten(y)
}

/** (x − mean) / σ over `axes`, by x's own statistics, at inference too. */
function standardized(scope: Scope, x: Value, axes: readonly number[], epsilon: number): Value {
  const centred = { ref: subtract(scope, x, meanOver(scope, x, axes), x.shape), shape: x.shape }
  const variance = meanOver(scope, { ref: square(scope, centred.ref), shape: x.shape }, axes)
  const inverse = { ref: rsqrt(scope, affine(scope, variance.ref, 1, epsilon)), shape: variance.shape }
  return { ref: multiply(scope, centred, inverse, x.shape), shape: x.shape }
}

/** y · scale + shift, each a learned vector that lies along `axis` (or, of more dimensions, at the end). */
function scaled(node: NetworkNode, scope: Scope, y: Value, axis: number): Value {
  const along = (index: number, role: 'scale' | 'shift'): Value | undefined => {
    const tensor = scope.constant(node, index)
    if (!node.inputs[index]) return undefined
    if (tensor?.shape.length !== 1) return scope.input(node, index, y.shape.length)
    const shape = y.shape.map((_, i) => (i === axis ? tensor.shape[0] : 1))
    return { ref: reshape(scope, scope.variable(node, index, role).value, toGraphOrder(shape)), shape }
  }
  const [scale, shift] = [along(1, 'scale'), along(2, 'shift')]
  const product = scale ? { ref: multiply(scope, y, scale, y.shape), shape: y.shape } : y
  return shift ? { ref: add(scope, product, shift, y.shape), shape: y.shape } : product
}

/** X [N, C, …]; scale, B [C]: each channel of each image by itself (Ulyanov et al., 2016). */
const instanceNormalization: Lowering = (node, scope) => {
  const x = scope.input(node, 0)
  const y = standardized(scope, x, [...x.shape.keys()].slice(2), floatAttribute(node, 'epsilon', 1e-5))
  return scaled(node, scope, y, 1)
}

/** Over all axes from `axis` on (Ba et al., 2016). */
const layerNormalization: Lowering = (node, scope) => {
  const x = scope.input(node, 0)
  const axis = fromFront(intAttribute(node, 'axis', -1), x.shape.length)
  const y = standardized(scope, x, [...x.shape.keys()].slice(axis), floatAttribute(node, 'epsilon', 1e-5))
  return scaled(node, scope, y, x.shape.length - 1)
}

/** Groups of channels of each image (Wu, He, 2018); scale and bias per channel (opset 21) or per group (18). */
const groupNormalization: Lowering = (node, scope) => {
  const x = scope.input(node, 0)
  const [groups, channels] = [intAttribute(node, 'num_groups', 1), Number(x.shape[1])]
  const size = x.shape.slice(1).reduce<number>((product, dim) => product * Number(dim), 1)
  const apart = reshapeTo(scope, x, [x.shape[0], groups, size / groups])
  if (!apart) throw scope.unsupported(node, `makes ${groups} groups of ${show(x.shape)}`)
  const y = standardized(scope, apart, [2], floatAttribute(node, 'epsilon', 1e-5))
  const perGroup = scope.constant(node, 1)?.shape[0] === groups && groups !== channels
  const together = reshapeTo(scope, perGroup ? scaled(node, scope, y, 1) : y, x.shape)!
  return perGroup ? together : scaled(node, scope, together, 1)
}

/** x / (bias + alpha / size · Σ x²)^beta, the sum over `size` neighbouring channels (Krizhevsky et al., 2012). */
const localResponse: Lowering = (node, scope) => {
  const x = scope.input(node, 0)
  const [channels, size] = [Number(x.shape[1]), intAttribute(node, 'size', 1)]
  const before = Math.floor((size - 1) / 2)
  const near = (i: number, j: number) => (j >= i - before && j <= i + (size - 1 - before) ? 1 : 0)
  const band = Array.from({ length: channels }, (_, i) => Array.from({ length: channels }, (_, j) => near(i, j)))
  const axis = graphAxis(1, x.shape.length)
  const sum = mix(scope, square(scope, x.ref), placeholderShape(x.shape), axis, band)
  const base = affine(scope, sum, floatAttribute(node, 'alpha', 1e-4) / size, floatAttribute(node, 'bias', 1))
  const exponent = { ref: scope.graph.scalar(-floatAttribute(node, 'beta', 0.75)), shape: [] }
  const factor = { ref: power(scope, { ref: base, shape: x.shape }, exponent, x.shape), shape: x.shape }
  return { ref: multiply(scope, x, factor, x.shape), shape: x.shape }
}

export const normalizationRows: Record<string, Lowering> = {
  BatchNormalization: batchNormalization,
  InstanceNormalization: instanceNormalization,
  LayerNormalization: layerNormalization,
  GroupNormalization: groupNormalization,
  LRN: localResponse,
}
