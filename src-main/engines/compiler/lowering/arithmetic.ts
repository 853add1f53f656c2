import { producers, type NetworkNode } from '../../../core/graph/network'
import { add, addMany, multiply, subtract } from '../operations/arithmetic'
import { biasAdd } from '../operations/convolution'
import type { Scope } from '../scope'
import { biasOf } from './dense'
import type { Lowering } from './row'

/** Both operands, laid out to meet each other. */
function operands(node: NetworkNode, scope: Scope) {
  const shape = scope.outputShape(node)
  const [a, b] = [0, 1].map((index) => scope.input(node, index, shape.length))
  const ranks = [a, b].map((value) => value.shape.length)
  // Layouts differ between ranks, so an activation of lower rank would have to be moved first.
  if (ranks.some((rank) => rank !== shape.length))
    throw scope.unsupported(node, `mixes ${ranks.join(' and ')} dimensions`)
  return { a, b, shape }
}

/** Which input of an Add is the bias of the dense layer before it (exporters write MatMul, then Add); −1: neither. */
function biasOfDense(node: NetworkNode, scope: Scope): number {
  if (scope.outputShape(node).length !== 2) return -1
  const makers = producers(scope.options.network)
  return [0, 1].findIndex((index) => {
    const maker = makers.get(node.inputs[1 - index])
    return isBias(scope.constant(node, index)?.shape ?? []) && (maker?.op === 'MatMul' || maker?.op === 'Gemm')
  })
}

/** [M] or [1, M], not a single number. */
const isBias = (shape: readonly number[]): boolean =>
  (shape.length === 1 || (shape.length === 2 && shape[0] === 1)) && shape[shape.length - 1] > 1

const addRow: Lowering = (node, scope) => {
  const bias = biasOfDense(node, scope)
  if (bias >= 0) return biasAdd(scope, scope.input(node, 1 - bias).ref, biasOf(node, bias, scope))
  const { a, b, shape } = operands(node, scope)
  return add(scope, a, b, shape)
}

const sum: Lowering = (node, scope) => {
  if (node.inputs.length === 1) return scope.input(node, 0).ref
  if (node.inputs.length === 2) return addRow(node, scope)
  const shape = scope.outputShape(node).join()
  const inputs = node.inputs.map((_, index) => scope.input(node, index))
  if (inputs.some((input) => input.shape.join() !== shape)) throw scope.unsupported(node, 'broadcasts its inputs')
  return addMany(
    scope,
    inputs.map((input) => input.ref),
  )
}

const divide: Lowering = (node, scope) => {
  const divisor = scope.constant(node, 1)
  if (!divisor || divisor.data.length !== 1) throw scope.unsupported(node, 'divides by something computed')
  const { a, shape } = operands(node, scope)
  const inverse = scope.graph.constant('float32', new Array<number>(shape.length).fill(1), [
    1 / Number(divisor.data[0]),
  ])
  return multiply(scope, a, { ref: inverse, shape: new Array<number>(shape.length).fill(1) }, shape)
}

export const arithmeticRows: Record<string, Lowering> = {
  Add: addRow,
  Sum: sum,
  Div: divide,
  Sub: (node, scope) => {
    const { a, b, shape } = operands(node, scope)
    return subtract(scope, a, b, shape)
  },
  Mul: (node, scope) => {
    const { a, b, shape } = operands(node, scope)
    return multiply(scope, a, b, shape)
  },
}
