import { intAttribute, type NetworkNode } from '../../../core/graph/network'
import { broadcast } from '../../../core/graph/ops/elementwise'
import type { Ref } from '../graph'
import { sizesOf, withLeadingOnes } from '../layout'
import { add, affine } from '../operations/arithmetic'
import { inGraphOrder, inOnnxOrder, reshapeTo } from '../operations/arrange'
import { biasAdd } from '../operations/convolution'
import { batchMatMul, matMul } from '../operations/dense'
import { reshape, transpose } from '../operations/shaping'
import type { Scope, Value } from '../scope'
import { floatAttribute, show, type Lowering } from './row'

/** A bias [M], or [1, M] as some exporters write it. @throws LupineError input 'engine-op-unsupported' */
export function biasOf(node: NetworkNode, index: number, scope: Scope): Ref {
  const { value, shape } = scope.variable(node, index, 'bias')
  if (shape.length === 1) return value
  if (shape.length === 2 && shape[0] === 1) return reshape(scope, value, [shape[1]])
  throw scope.unsupported(node, `has a bias of ${show(shape)}`)
}

/** A [N, K] · B [K, M] + C: either may be transposed, scaled, or computed. */
const gemm: Lowering = (node, scope) => {
  const [transA, transB] = ['transA', 'transB'].map((name) => intAttribute(node, name, 0) === 1)
  const given = scope.input(node, 0)
  const a = transA ? { ref: transpose(scope, given.ref, [1, 0]), shape: given.shape.toReversed() } : given
  const b = scope.isConstant(node, 1)
    ? { ref: scope.variable(node, 1, 'weight').value, shape: scope.shape(node.inputs[1]) }
    : scope.input(node, 1)
  const product = matMul(scope, a.ref, b.ref, transB)
  const y = {
    ref: affine(scope, product, floatAttribute(node, 'alpha', 1), 0),
    shape: [a.shape[0], b.shape[transB ? 0 : 1]],
  }
  if (!node.inputs[2]) return y
  const beta = floatAttribute(node, 'beta', 1)
  const bias = scope.constant(node, 2)?.shape
  const width = bias?.[bias.length - 1]
  if (beta === 1 && width === y.shape[1] && (bias!.length === 1 || (bias!.length === 2 && bias![0] === 1)))
    return { ref: biasAdd(scope, y.ref, biasOf(node, 2, scope)), shape: y.shape }
  const c = scope.parameter(node, 2, 2, 'bias')
  const scaled = { ref: affine(scope, c.ref, beta, 0), shape: c.shape }
  const shape = broadcast(y.shape, c.shape)
  return { ref: add(scope, y, scaled, shape), shape }
}

/** The operand in ONNX order, with a variable behind it where it is stored. */
function operand(node: NetworkNode, scope: Scope, index: number): Value {
  if (!scope.isConstant(node, index)) {
    const x = scope.input(node, index)
    return { ref: inOnnxOrder(scope, x), shape: x.shape }
  }
  const { value, shape } = scope.variable(node, index, 'weight')
  return { ref: value, shape }
}

/** Numpy's matmul: vectors become matrices, leading axes broadcast. */
const matMulRow: Lowering = (node, scope) => {
  const [a, b] = [0, 1].map((index) => operand(node, scope, index))
  if (a.shape.length === 2 && b.shape.length === 2)
    return { ref: matMul(scope, a.ref, b.ref, false), shape: [a.shape[0], b.shape[1]] }
  if (a.shape.length < 2 || b.shape.length < 2)
    throw scope.unsupported(node, `multiplies ${show(a.shape)} by ${show(b.shape)}; vectors are not known`)
  const outer = a.shape.slice(0, -1)
  // All rows at once, where the weight is the same for all of them.
  const rows = outer.every((dim) => typeof dim === 'number') ? outer.reduce<number>((p, dim) => p * Number(dim), 1) : -1
  if (b.shape.length === 2) {
    const flat = reshape(scope, a.ref, [rows, Number(b.shape[0])])
    const shape = [...outer, b.shape[1]]
    return inGraphOrder(scope, reshape(scope, matMul(scope, flat, b.ref, false), sizesOf(shape)), shape)
  }
  const rank = Math.max(a.shape.length, b.shape.length)
  const [x, y] = [a, b].map((value) => ranked(scope, value, rank))
  if (!x || !y) throw scope.unsupported(node, `multiplies ${show(a.shape)} by ${show(b.shape)}`)
  const product = batchMatMul(scope, x, y)
  return inGraphOrder(scope, product.ref, product.shape)
}

/** With ones put before its shape; ONNX order before and after. */
function ranked(scope: Scope, x: Value, rank: number): Value | undefined {
  if (x.shape.length === rank) return x
  const shape = withLeadingOnes(x.shape, rank)
  if (rank !== 4) return reshapeTo(scope, x, shape)
  return { ref: reshape(scope, x.ref, sizesOf(shape)), shape }
}

export const denseRows: Record<string, Lowering> = { Gemm: gemm, MatMul: matMulRow }
