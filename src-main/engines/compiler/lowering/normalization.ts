import type { Ref } from '../graph'
import { normalizeByBatch, normalizeByStored } from '../operations/normalization'
import { reshape } from '../operations/shaping'
import { FLOAT } from '../graph'
import type { Lowering } from './row'

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

export const normalizationRows: Record<string, Lowering> = { BatchNormalization: batchNormalization }
