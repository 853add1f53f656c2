import { producers, type NetworkNode } from '../../../core/graph/network'
import { broadcast } from '../../../core/graph/ops/elementwise'
import type { Ref } from '../graph'
import { add, addMany, affine, choose, divide, extreme, multiply, power, subtract } from '../operations/arithmetic'
import { biasAdd } from '../operations/convolution'
import { compare, sqrt, square } from '../operations/elementwise'
import type { Pass } from '../pass'
import type { Scope, Value } from '../scope'
import { biasOf } from './dense'
import type { Lowering } from './row'

/** All inputs, laid out to meet each other, and the shape they broadcast to. */
function operands(node: NetworkNode, scope: Scope): { inputs: Value[]; shape: Value['shape'] } {
  const ranks = node.inputs.map((_, index) => scope.rank(node, index))
  const inputs = node.inputs.map((_, index) => scope.input(node, index, Math.max(...ranks)))
  return { inputs, shape: inputs.map((input) => input.shape).reduce(broadcast) }
}

const binary =
  (compute: (pass: Pass, a: Value, b: Value, shape: Value['shape']) => Ref): Lowering =>
  (node, scope) => {
    const { inputs, shape } = operands(node, scope)
    return { ref: compute(scope, inputs[0], inputs[1], shape), shape }
  }

const comparison =
  (op: string): Lowering =>
  (node, scope) => {
    const { inputs, shape } = operands(node, scope)
    return { ref: compare(scope, op, inputs[0].ref, inputs[1].ref), shape }
  }

/** Which input of an Add is the bias of the layer before it (exporters write MatMul, then Add); −1: neither. */
function biasIndex(node: NetworkNode, scope: Scope): number {
  const makers = producers(scope.options.network)
  const layers = ['MatMul', 'Gemm', 'Conv', 'ConvTranspose']
  return [0, 1].findIndex((index) => {
    const maker = makers.get(node.inputs[1 - index])
    return isBias(scope.constant(node, index)?.shape ?? []) && maker !== undefined && layers.includes(maker.op)
  })
}

/** Extends along one axis: [M], [1, M], [M, 1, 1], … */
const isBias = (shape: readonly number[]): boolean => shape.filter((dim) => dim !== 1).length === 1

const addRow: Lowering = (node, scope) => {
  const index = biasIndex(node, scope)
  if (index < 0) return binary(add)(node, scope)
  const x = scope.input(node, 1 - index)
  const [last] = scope.constant(node, index)!.shape.slice(-1)
  if (x.shape.length === 2 && last === x.shape[1] && scope.constant(node, index)!.shape.length <= 2)
    return { ref: biasAdd(scope, x.ref, biasOf(node, index, scope)), shape: x.shape }
  const rank = Math.max(x.shape.length, scope.rank(node, index))
  const bias = scope.parameter(node, index, rank, 'bias')
  const wide = scope.input(node, 1 - index, rank)
  const shape = broadcast(wide.shape, bias.shape)
  return { ref: add(scope, wide, bias, shape), shape }
}

const sum: Lowering = (node, scope) => {
  if (node.inputs.length === 1) return scope.input(node, 0)
  if (node.inputs.length === 2) return addRow(node, scope)
  const { inputs, shape } = operands(node, scope)
  if (inputs.every((input) => input.shape.join() === shape.join())) {
    const refs = inputs.map((input) => input.ref)
    return { ref: addMany(scope, refs), shape }
  }
  return inputs.reduce((a, b) => {
    const both = broadcast(a.shape, b.shape)
    return { ref: add(scope, a, b, both), shape: both }
  })
}

const mean: Lowering = (node, scope) => {
  const { inputs, shape } = operands(node, scope)
  const total = inputs.reduce((a, b) => {
    const both = broadcast(a.shape, b.shape)
    return { ref: add(scope, a, b, both), shape: both }
  })
  return { ref: affine(scope, total.ref, 1 / inputs.length, 0), shape }
}

const extremes =
  (op: 'Maximum' | 'Minimum'): Lowering =>
  (node, scope) =>
    operands(node, scope).inputs.reduce((a, b) => extreme(scope, op, a, b))

const pow: Lowering = (node, scope) => {
  const exponent = scope.constant(node, 1)
  const x = scope.input(node, 0)
  if (exponent?.data.length === 1 && exponent.shape.length <= x.shape.length) {
    if (exponent.data[0] === 2) return { ref: square(scope, x.ref), shape: x.shape }
    if (exponent.data[0] === 0.5) return { ref: sqrt(scope, x.ref), shape: x.shape }
  }
  return binary(power)(node, scope)
}

const where: Lowering = (node, scope) => {
  const [condition, a, b] = operands(node, scope).inputs
  return choose(scope, condition, a, b)
}

export const arithmeticRows: Record<string, Lowering> = {
  Add: addRow,
  Sum: sum,
  Mean: mean,
  Sub: binary(subtract),
  Mul: binary(multiply),
  Div: binary(divide),
  Pow: pow,
  Max: extremes('Maximum'),
  Min: extremes('Minimum'),
  Where: where,
  Equal: comparison('Equal'),
  Greater: comparison('Greater'),
  GreaterOrEqual: comparison('GreaterEqual'),
  Less: comparison('Less'),
  LessOrEqual: comparison('LessEqual'),
  // Of truth values held as 0 and 1.
  And: binary(multiply),
  Xor: comparison('NotEqual'),
  Or: (node, scope) => {
    const { inputs, shape } = operands(node, scope)
    const either = add(scope, inputs[0], inputs[1], shape)
    return { ref: compare(scope, 'Greater', either, scope.graph.scalar(0)), shape }
  },
}
