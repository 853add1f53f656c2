import { intsAttribute, stringAttribute, type NetworkNode } from '../../../core/graph/network'
import { reshapeTo } from '../operations/arrange'
import type { Window } from '../operations/convolution'
import type { Scope, Value } from '../scope'
import { show, type Lowering } from './row'

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

/** Height and width of a 4-D value. @throws LupineError input 'engine-op-unsupported', 'engine-shape-unknown' */
export function sizeOf(node: NetworkNode, scope: Scope, { shape }: Value): [number, number] {
  const [, , height, width] = shape
  if (shape.length === 4) {
    if (typeof height === 'number' && typeof width === 'number') return [height, width]
    return scope.spatial(node.inputs[0])
  }
  throw scope.unsupported(node, `reads ${show(shape)} instead of images of a known size`)
}

/** Lists with one entry (or two: before and after) per spatial axis. */
const spatialLists: Readonly<Record<string, number>> = {
  ...{ kernel_shape: 1, strides: 1, dilations: 1, output_padding: 0, output_shape: 1 },
  pads: 0,
}

/** The node as it would read for images of height 1. */
function flatImages(node: NetworkNode): NetworkNode {
  const attributes = { ...node.attributes }
  for (const [name, neutral] of Object.entries(spatialLists)) {
    const list = attributes[name]
    if (!Array.isArray(list)) continue
    const values = list as readonly number[]
    attributes[name] = name === 'pads' ? [0, values[0], 0, values[1]] : [neutral, ...values]
  }
  return { ...node, attributes }
}

/** A row for images, which also serves signals [N, C, L]: as images of height 1. */
export const alongTwoAxes =
  (row: (node: NetworkNode, scope: Scope, x: Value) => Value): Lowering =>
  (node, scope) => {
    const x = scope.input(node, 0)
    if (x.shape.length !== 3) return row(node, scope, x)
    const [batch, channels, length] = x.shape
    const image = reshapeTo(scope, x, [batch, channels, 1, length])!
    const y = row(flatImages(node), scope, image)
    return reshapeTo(scope, y, y.shape.toSpliced(2, 1))!
  }
