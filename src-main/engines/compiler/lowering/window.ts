import { intsAttribute, stringAttribute, type NetworkNode } from '../../../core/graph/network'
import type { Window } from '../operations/convolution'
import type { Scope } from '../scope'

type Pair = readonly [number, number]

/** The pads that auto_pad stands for along one axis: [before, after]. */
function automatic(mode: string, size: number, kernel: number, stride: number, dilation: number): Pair {
  if (mode === 'VALID') return [0, 0]
  const total = Math.max((Math.ceil(size / stride) - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)
  const small = total >> 1
  return mode === 'SAME_LOWER' ? [total - small, small] : [small, total - small]
}

/**
 * Kernel, strides, dilations and pads of a Conv or pooling node.
 * @param size height and width of its input
 */
export function windowOf(node: NetworkNode, scope: Scope, kernel: readonly number[], size: Pair): Window {
  const strides = intsAttribute(node, 'strides', [1, 1])
  const dilations = intsAttribute(node, 'dilations', [1, 1])
  if (kernel.length !== 2 || strides.length !== 2 || dilations.length !== 2)
    throw scope.unsupported(node, `has ${kernel.length} spatial dimensions instead of 2`)
  const mode = stringAttribute(node, 'auto_pad', 'NOTSET')
  const along = (axis: number): Pair => {
    if (mode !== 'NOTSET' && mode !== '')
      return automatic(mode, size[axis], kernel[axis], strides[axis], dilations[axis])
    const pads = intsAttribute(node, 'pads', [0, 0, 0, 0])
    return [pads[axis], pads[axis + 2]]
  }
  const [top, bottom] = along(0)
  const [left, right] = along(1)
  if (Math.min(top, bottom, left, right) < 0) throw scope.unsupported(node, 'has negative pads')
  return {
    kernel: [kernel[0], kernel[1]],
    strides: [strides[0], strides[1]],
    dilations: [dilations[0], dilations[1]],
    pads: { top, bottom, left, right },
  }
}
