import { intAttribute } from '../../../core/graph/network'
import type { Ref } from '../graph'
import { biasAdd, convolution, type Window } from '../operations/convolution'
import { concat, slice } from '../operations/shaping'
import type { Scope } from '../scope'
import type { Lowering } from './row'
import { windowOf } from './window'

/** A convolution in groups, as one convolution per group between a split and a join. */
function grouped(
  scope: Scope,
  x: Ref,
  weight: { ref: Ref; graphShape: readonly number[] },
  window: Window,
  [height, width]: [number, number],
  groups: number,
): Ref {
  const [kernelHeight, kernelWidth, channels, filters] = weight.graphShape
  const each = filters / groups
  const parts = Array.from({ length: groups }, (_, group) => {
    const input = slice(scope, x, [-1, height, width, channels * groups], {
      begin: [0, 0, 0, group * channels],
      size: [-1, height, width, channels],
      strides: [1, 1, 1, 1],
    })
    const filter = slice(scope, weight.ref, weight.graphShape, {
      begin: [0, 0, 0, group * each],
      size: [kernelHeight, kernelWidth, channels, each],
      strides: [1, 1, 1, 1],
    })
    const graphShape = [kernelHeight, kernelWidth, channels, each]
    return convolution(scope, input, { ref: filter, graphShape }, window, [height, width])
  })
  return concat(scope, parts, 3, new Array<number>(groups).fill(each), 4)
}

/** X [N, C, H, W], W [O, C/group, kH, kW], B [O]. */
const conv: Lowering = (node, scope) => {
  const x = scope.input(node, 0)
  const weights = scope.constant(node, 1)
  if (!weights) throw scope.unsupported(node, 'computes its weights instead of storing them')
  const size = x.shape.length === 4 ? scope.spatial(node.inputs[0]) : ([0, 0] as [number, number])
  const window = windowOf(node, scope, weights.shape.slice(2), size)
  const groups = intAttribute(node, 'group', 1)
  const depthwise = groups > 1 && weights.shape[1] === 1 && groups === x.shape[1]
  const variable = scope.variable(node, 1, 'weight', depthwise ? 'depthwise' : 'conv', groups)
  const weight = { ref: variable.value, graphShape: variable.graphShape }
  // TensorFlow's depthwise kernels know one stride for both axes and no dilated gradient.
  const plain = window.strides[0] === window.strides[1] && window.dilations.every((step) => step === 1)
  if (depthwise && !plain) throw scope.unsupported(node, 'is depthwise with unequal strides or dilations')
  const y =
    groups === 1 || depthwise
      ? convolution(scope, x.ref, weight, window, size, depthwise)
      : grouped(scope, x.ref, weight, window, size, groups)
  return node.inputs[2] ? biasAdd(scope, y, scope.variable(node, 2, 'bias').value) : y
}

export const convolutionRows: Record<string, Lowering> = { Conv: conv }
