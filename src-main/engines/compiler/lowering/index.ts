import type { NetworkNode } from '../../../core/graph/network'
import type { Scope, Value } from '../scope'
import { activationRows } from './activation'
import { arithmeticRows } from './arithmetic'
import { convolutionRows } from './convolution'
import { denseRows } from './dense'
import { elementwiseRows } from './elementwise'
import { normalizationRows } from './normalization'
import { poolingRows } from './pooling'
import { reductionRows } from './reduction'
import { resizeRows } from './resize'
import type { Lowering } from './row'
import { selectionRows } from './selection'
import { shapingRows } from './shaping'

/** ONNX op → how it becomes TensorFlow ops. */
export const lowerings: Readonly<Record<string, Lowering>> = {
  ...convolutionRows,
  ...denseRows,
  ...normalizationRows,
  ...activationRows,
  ...elementwiseRows,
  ...arithmeticRows,
  ...reductionRows,
  ...poolingRows,
  ...shapingRows,
  ...selectionRows,
  ...resizeRows,
}

/** Writes a node into the graph. @throws LupineError input 'engine-op-unsupported', naming op and node */
export function lower(node: NetworkNode, scope: Scope): void {
  const row = node.domain === '' ? lowerings[node.op] : undefined
  if (!row) throw scope.unsupported(node, 'has no row for this op')
  scope.inferShapes(node)
  const made = row(node, scope)
  if (typeof made === 'string') return scope.bind(node.outputs[0], made)
  const values: readonly Value[] = 'ref' in made ? [made] : made
  values.forEach(({ ref, shape }, i) => node.outputs[i] && scope.bind(node.outputs[i], ref, shape))
  const missing = node.outputs.slice(values.length).find((output) => output && scope.isRead(output))
  if (missing) throw scope.unsupported(node, `is asked for ${missing}, which it does not make`)
}
