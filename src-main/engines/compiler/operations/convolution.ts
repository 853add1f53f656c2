import { FLOAT, type Attribute, type Ref } from '../graph'
import { DATA_FORMAT } from '../layout'
import { record, type Pass } from '../pass'
import { pad } from './shaping'

/** Pixels added at each side. */
export interface Pads {
  readonly top: number
  readonly bottom: number
  readonly left: number
  readonly right: number
}

/** Where a kernel looks. */
export interface Window {
  /** Height, width. */
  readonly kernel: readonly [number, number]
  readonly strides: readonly [number, number]
  readonly dilations: readonly [number, number]
  readonly pads: Pads
}

/** What TensorFlow's SAME would add along one axis: [before, after]. */
function samePads(size: number, kernel: number, stride: number, dilation: number): [number, number] {
  const total = Math.max((Math.ceil(size / stride) - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)
  return [total >> 1, total - (total >> 1)]
}

/** The pads without rows and columns that no window reaches: a stride often skips the last ones. */
function reachedPads({ kernel, strides, dilations, pads }: Window, size: readonly [number, number]): Pads {
  const after = (axis: number, before: number, given: number): number => {
    const extent = (kernel[axis] - 1) * dilations[axis] + 1
    const windows = Math.floor((size[axis] + before + given - extent) / strides[axis]) + 1
    return Math.max(0, (windows - 1) * strides[axis] + extent - size[axis] - before)
  }
  return { ...pads, bottom: after(0, pads.top, pads.bottom), right: after(1, pads.left, pads.right) }
}

/** The pads as TensorFlow's attributes: VALID and SAME where they say the same, since their kernels are faster. */
function paddingAttributes(window: Window, [height, width]: readonly [number, number]): Record<string, Attribute> {
  const { kernel, strides, dilations, pads } = window
  const { top, bottom, left, right } = pads
  if (!top && !bottom && !left && !right) return { padding: { string: 'VALID' } }
  const vertical = samePads(height, kernel[0], strides[0], dilations[0])
  const horizontal = samePads(width, kernel[1], strides[1], dilations[1])
  const same = [...vertical, ...horizontal].join() === [top, bottom, left, right].join()
  if (same) return { padding: { string: 'SAME' } }
  return { padding: { string: 'EXPLICIT' }, explicit_paddings: { ints: [0, 0, top, bottom, left, right, 0, 0] } }
}

/** Attributes of Conv2D, DepthwiseConv2dNative and their gradients; `size`: height and width of the input. */
export const convolutionAttributes = (window: Window, size: readonly [number, number]): Record<string, Attribute> => ({
  T: FLOAT,
  strides: { ints: [1, ...window.strides, 1] },
  dilations: { ints: [1, ...window.dilations, 1] },
  data_format: DATA_FORMAT,
  ...paddingAttributes(window, size),
})

/** A filter in the graph, [kH, kW, C, O], or [kH, kW, C, m] when depthwise. */
export interface Weight {
  readonly ref: Ref
  readonly graphShape: readonly number[]
}

/**
 * x [N, H, W, C] with `weight` [kH, kW, C, O] (or [kH, kW, C, m] when depthwise).
 * @param size height and width of x
 */
export function convolution(
  pass: Pass,
  x: Ref,
  weight: Weight,
  given: Window,
  size: readonly [number, number],
  depthwise = false,
): Ref {
  const { graph } = pass
  const window = { ...given, pads: reachedPads(given, size) }
  const attributes = convolutionAttributes(window, size)
  // Explicit pads: TensorFlow 2.21 has no oneDNN kernel for the gradients (dW of a 3×3, stride 2, takes twice as long),
  // and its shape inference of depthwise convolutions crashes on them.
  const explicit = 'explicit_paddings' in attributes
  if (explicit && (depthwise || pass.tape)) return paddedFirst(pass, x, weight, window, size, depthwise)
  const op = depthwise ? 'DepthwiseConv2dNative' : 'Conv2D'
  const backprop = depthwise ? 'DepthwiseConv2dNativeBackprop' : 'Conv2DBackprop'
  const y = graph.node(op, [x, weight.ref], attributes)
  return record(pass, y, [x, weight.ref], (dy, accumulate) => {
    const filterSizes = graph.ints(weight.graphShape)
    accumulate(weight.ref, () => graph.node(`${backprop}Filter`, [x, filterSizes, dy], attributes))
    accumulate(x, () => graph.node(`${backprop}Input`, [graph.shapeOf(x), weight.ref, dy], attributes))
  })
}

/** The same convolution, of an input that is padded before it. */
function paddedFirst(
  pass: Pass,
  x: Ref,
  weight: Weight,
  window: Window,
  [height, width]: readonly [number, number],
  depthwise: boolean,
): Ref {
  const { top, bottom, left, right } = window.pads
  const wide = pad(pass, x, [-1, height, width, weight.graphShape[2]], [0, top, left, 0], [0, bottom, right, 0])
  const bare = { ...window, pads: { top: 0, bottom: 0, left: 0, right: 0 } }
  return convolution(pass, wide, weight, bare, [height + top + bottom, width + left + right], depthwise)
}

/** Adds bias [C] to the last axis. */
export function biasAdd(pass: Pass, x: Ref, bias: Ref): Ref {
  const { graph } = pass
  const attributes = { T: FLOAT, data_format: DATA_FORMAT }
  const y = graph.node('BiasAdd', [x, bias], attributes)
  return record(pass, y, [x, bias], (dy, accumulate) => {
    accumulate(x, () => dy)
    accumulate(bias, () => graph.node('BiasAddGrad', [dy], attributes))
  })
}
