import { intAttribute, stringAttribute } from '../../../core/graph/network'
import type { Ref } from '../graph'
import { relu, tanh } from '../operations/activation'
import { add, affine, multiply } from '../operations/arithmetic'
import * as ops from '../operations/elementwise'
import type { Pass } from '../pass'
import type { Scope, Value } from '../scope'
import { floatAttribute, type Lowering } from './row'

const unary =
  (compute: (pass: Pass, x: Ref) => Ref): Lowering =>
  (node, scope) => {
    const { ref, shape } = scope.input(node, 0)
    return { ref: compute(scope, ref), shape }
  }

/** a · b and a + b of one shape. */
const times = (scope: Scope, { shape }: Value, a: Ref, b: Ref): Ref =>
  multiply(scope, { ref: a, shape }, { ref: b, shape }, shape)
const plus = (scope: Scope, { shape }: Value, a: Ref, b: Ref): Ref =>
  add(scope, { ref: a, shape }, { ref: b, shape }, shape)

/** scale · (max(x, 0) + alpha · (exp(min(x, 0) / temper) − 1)) */
function elu(scope: Scope, x: Value, scale: number, alpha: number, temper = 1): Value {
  const below = affine(scope, relu(scope, affine(scope, x.ref, -1, 0)), -1 / temper, 0)
  const curve = affine(scope, ops.exp(scope, below), scale * alpha, -scale * alpha)
  return { ref: plus(scope, x, affine(scope, relu(scope, x.ref), scale, 0), curve), shape: x.shape }
}

/** x · Φ(x), or its approximation by tanh. */
const gelu: Lowering = (node, scope) => {
  const x = scope.input(node, 0)
  if (stringAttribute(node, 'approximate', 'none') === 'none') {
    const share = affine(scope, ops.erf(scope, affine(scope, x.ref, Math.SQRT1_2, 0)), 0.5, 0.5)
    return { ref: times(scope, x, x.ref, share), shape: x.shape }
  }
  const cube = times(scope, x, ops.square(scope, x.ref), x.ref)
  const inner = affine(scope, plus(scope, x, x.ref, affine(scope, cube, 0.044715, 0)), Math.sqrt(2 / Math.PI), 0)
  return { ref: times(scope, x, x.ref, affine(scope, tanh(scope, inner), 0.5, 0.5)), shape: x.shape }
}

/** max(x, slope · x …): x where it is positive, slope · x elsewhere; the slope is trained. */
const prelu: Lowering = (node, scope) => {
  const x = scope.input(node, 0)
  const slope = scope.parameter(node, 1, x.shape.length, 'bias')
  const below = { ref: affine(scope, relu(scope, affine(scope, x.ref, -1, 0)), -1, 0), shape: x.shape }
  const scaled = multiply(scope, below, slope, x.shape)
  return { ref: plus(scope, x, relu(scope, x.ref), scaled), shape: x.shape }
}

/** ONNX's types for whole numbers: (u)int8 … (u)int64. */
const integerTypes = [2, 3, 4, 5, 6, 7, 12, 13]
const BOOL = 9

/** Whole numbers and truth values are held as floats. */
const cast: Lowering = (node, scope) => {
  const x = scope.input(node, 0)
  const to = intAttribute(node, 'to', 1)
  if (to === BOOL) return { ref: ops.compare(scope, 'NotEqual', x.ref, scope.graph.scalar(0)), shape: x.shape }
  return integerTypes.includes(to) ? { ref: ops.truncate(scope, x.ref), shape: x.shape } : x
}

const thresholdedRelu: Lowering = (node, scope) => {
  const x = scope.input(node, 0)
  const mask = ops.compare(scope, 'Greater', x.ref, scope.graph.scalar(floatAttribute(node, 'alpha', 1)))
  return { ref: times(scope, x, x.ref, mask), shape: x.shape }
}

export const elementwiseRows: Record<string, Lowering> = {
  Exp: unary(ops.exp),
  Log: unary(ops.log),
  Sqrt: unary(ops.sqrt),
  Reciprocal: unary(ops.reciprocal),
  Abs: unary(ops.absolute),
  Neg: unary((pass, x) => affine(pass, x, -1, 0)),
  Sin: unary(ops.sine),
  Cos: unary(ops.cosine),
  Erf: unary(ops.erf),
  Floor: unary(ops.floor),
  Ceil: unary(ops.ceil),
  Round: unary(ops.round),
  Sign: unary(ops.sign),
  Softplus: unary(ops.softplus),
  Not: unary((pass, x) => affine(pass, x, -1, 1)),
  Softsign: (node, scope) => {
    const x = scope.input(node, 0)
    const inverse = ops.reciprocal(scope, affine(scope, ops.absolute(scope, x.ref), 1, 1))
    return { ref: times(scope, x, x.ref, inverse), shape: x.shape }
  },
  Mish: (node, scope) => {
    const x = scope.input(node, 0)
    return { ref: times(scope, x, x.ref, tanh(scope, ops.softplus(scope, x.ref))), shape: x.shape }
  },
  Elu: (node, scope) => elu(scope, scope.input(node, 0), 1, floatAttribute(node, 'alpha', 1)),
  Celu: (node, scope) => {
    const alpha = floatAttribute(node, 'alpha', 1)
    return elu(scope, scope.input(node, 0), 1, alpha, alpha)
  },
  Selu: (node, scope) => {
    const [alpha, gamma] = [
      floatAttribute(node, 'alpha', 1.67326319217681885),
      floatAttribute(node, 'gamma', 1.05070102214813232),
    ]
    return elu(scope, scope.input(node, 0), gamma, alpha)
  },
  Gelu: gelu,
  PRelu: prelu,
  ThresholdedRelu: thresholdedRelu,
  Cast: cast,
  CastLike: (node, scope) => {
    const x = scope.input(node, 0)
    // The other operand only lends its type; an activation's is float32 here.
    const whole = scope.constant(node, 1)?.type.includes('int') ?? false
    return whole ? { ref: ops.truncate(scope, x.ref), shape: x.shape } : x
  },
}
