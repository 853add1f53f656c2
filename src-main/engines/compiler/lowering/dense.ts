import { intAttribute, type NetworkNode } from '../../../core/graph/network'
import type { Ref } from '../graph'
import { biasAdd } from '../operations/convolution'
import { matMul } from '../operations/dense'
import { reshape } from '../operations/shaping'
import type { Scope } from '../scope'
import type { Lowering } from './row'

/** A bias [M], or [1, M] as some exporters write it. @throws LupineError input 'engine-op-unsupported' */
export function biasOf(node: NetworkNode, index: number, scope: Scope): Ref {
  const { value, shape } = scope.variable(node, index, 'bias')
  if (shape.length === 1) return value
  if (shape.length === 2 && shape[0] === 1) return reshape(scope, value, [shape[1]])
  throw scope.unsupported(node, `has a bias of [${shape.join(', ')}]`)
}

/** A [N, K] · B [K, M] (or [M, K] with transB) + C [M]. */
const gemm: Lowering = (node, scope) => {
  const { alpha = 1, beta = 1 } = node.attributes
  const bias = scope.constant(node, 2)
  if (alpha !== 1 || (bias && beta !== 1) || intAttribute(node, 'transA', 0) !== 0)
    throw scope.unsupported(node, 'scales or transposes its input')
  const weight = scope.variable(node, 1, 'weight')
  const y = matMul(scope, scope.input(node, 0).ref, weight.value, intAttribute(node, 'transB', 0) === 1)
  return node.inputs[2] ? biasAdd(scope, y, biasOf(node, 2, scope)) : y
}

/** A [N, K] · B [K, M]. */
const matMulRow: Lowering = (node, scope) => {
  const x = scope.input(node, 0)
  const weight = scope.variable(node, 1, 'weight')
  if (x.shape.length !== 2 || weight.shape.length !== 2)
    throw scope.unsupported(node, `multiplies ${x.shape.length} by ${weight.shape.length} dimensions; 2 by 2 are known`)
  return matMul(scope, x.ref, weight.value, false)
}

export const denseRows: Record<string, Lowering> = { Gemm: gemm, MatMul: matMulRow }
