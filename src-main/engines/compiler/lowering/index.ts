import type { NetworkNode } from '../../../core/graph/network'
import type { Scope } from '../scope'
import { activationRows } from './activation'
import { arithmeticRows } from './arithmetic'
import { convolutionRows } from './convolution'
import { denseRows } from './dense'
import { normalizationRows } from './normalization'
import { poolingRows } from './pooling'
import type { Lowering } from './row'
import { shapingRows } from './shaping'

/** ONNX op → how it becomes TensorFlow ops. */
export const lowerings: Readonly<Record<string, Lowering>> = {
  ...convolutionRows,
  ...denseRows,
  ...normalizationRows,
  ...activationRows,
  ...arithmeticRows,
  ...poolingRows,
  ...shapingRows,
}

/** Writes a node into the graph. @throws LupineError input 'engine-op-unsupported', naming op and node */
export function lower(node: NetworkNode, scope: Scope): void {
  const row = node.domain === '' ? lowerings[node.op] : undefined
  if (!row) throw scope.unsupported(node, 'has no row for this op')
  scope.bind(node.outputs[0], row(node, scope))
}
