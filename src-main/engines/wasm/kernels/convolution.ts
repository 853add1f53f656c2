import type { GraphNode } from '../../compiler/graph'
import { tf, type Tensor2D, type Tensor4D } from '../tfjs'
import { intsOf, stringOf, type Kernel } from './kernel'

type Pair = [number, number]
type Shape4 = [number, number, number, number]
type ExplicitPadding = [[number, number], [number, number], [number, number], [number, number]]

/** A 4-D convolution's geometry, along height and width. */
interface Geometry {
  readonly strides: Pair
  readonly dilations: Pair
  readonly padding: 'valid' | 'same' | ExplicitPadding
  /** Pads before and after, resolved. */
  readonly before: Pair
  readonly output: Pair
}

function geometryOf(node: GraphNode, x: readonly number[], filter: readonly number[]): Geometry {
  const strides = intsOf(node, 'strides').slice(1, 3) as Pair
  const dilations = (node.attributes['dilations'] ? intsOf(node, 'dilations').slice(1, 3) : [1, 1]) as Pair
  const mode = stringOf(node, 'padding')
  const pads = intsOf(node, 'explicit_paddings')
  const padding: Geometry['padding'] =
    mode === 'EXPLICIT'
      ? [
          [0, 0],
          [pads[2], pads[3]],
          [pads[4], pads[5]],
          [0, 0],
        ]
      : mode === 'SAME'
        ? 'same'
        : 'valid'
  const info = tf.backend_util.computeConv2DInfo(
    x as Shape4,
    [filter[0], filter[1], x[3], 1],
    strides,
    dilations,
    padding,
    undefined,
    true,
  )
  return {
    ...{ strides, dilations, padding },
    before: [info.padInfo.top, info.padInfo.left],
    output: [info.outHeight, info.outWidth],
  }
}

/** Shifts x [N, H, W, C] by adding `before` (cropping where negative) and fits it to `size`, zeros where nothing was. */
function place(x: Tensor4D, before: Pair, size: Pair): Tensor4D {
  const [n, h, w, c] = x.shape
  const after = [size[0] - h - before[0], size[1] - w - before[1]]
  const grow = (value: number) => Math.max(0, value)
  const padded = [before, after].some((pair) => pair.some((value) => value > 0))
    ? tf.pad(x, [
        [0, 0],
        [grow(before[0]), grow(after[0])],
        [grow(before[1]), grow(after[1])],
        [0, 0],
      ])
    : x
  if ([before, after].every((pair) => pair.every((value) => value >= 0))) return padded
  return tf.slice(padded, [0, grow(-before[0]), grow(-before[1]), 0], [n, size[0], size[1], c])
}

/** Puts stride − 1 zeros between the pixels of y [N, H, W, C]. */
function spreadOut(y: Tensor4D, [sh, sw]: Pair): Tensor4D {
  const [n, h, w, c] = y.shape
  if (sh === 1 && sw === 1) return y
  const columns = tf.pad(tf.reshape(y, [n * h, w, 1, c]), [
    [0, 0],
    [0, 0],
    [0, sw - 1],
    [0, 0],
  ])
  const rows = tf.pad(tf.reshape(columns, [n, h, 1, w * sw * c]), [
    [0, 0],
    [0, 0],
    [0, sh - 1],
    [0, 0],
  ])
  const spread = tf.reshape(rows, [n, h * sh, w * sw, c]) as Tensor4D
  return tf.slice(spread, [0, 0, 0, 0], [n, (h - 1) * sh + 1, (w - 1) * sw + 1, c])
}

const conv2d: Kernel = (inputs, node) => {
  const [x, filter] = [inputs.tensor<Tensor4D>(0), inputs.tensor<Tensor4D>(1)]
  const { strides, padding, dilations } = geometryOf(node, x.shape, filter.shape)
  return tf.conv2d(x, filter, strides, padding, 'NHWC', dilations)
}

/**
 * dW[i, j, c, o] = Σ x[n, y·s + i·d, x·s + j·d, c] · dy[n, y, x, o]: a convolution of x with dy as its filter, where
 * channels play the batch and the batch plays the channels; strides and dilations change places.
 */
const conv2dBackpropFilter: Kernel = (inputs, node) => {
  const [x, dy] = [inputs.tensor<Tensor4D>(0), inputs.tensor<Tensor4D>(2)]
  const shape = inputs.integers(1) as Shape4
  const { strides, dilations, before, output } = geometryOf(node, x.shape, shape)
  const reach = [0, 1].map((i) => (output[i] - 1) * strides[i] + (shape[i] - 1) * dilations[i] + 1) as Pair
  const seen = place(x, before, reach)
  if (shape[0] === 1 && shape[1] === 1) {
    const [n, h, w, c] = seen.shape
    const used =
      strides[0] * strides[1] === 1 ? seen : tf.stridedSlice(seen, [0, 0, 0, 0], [n, h, w, c], [1, ...strides, 1])
    const pixels = dy.size / shape[3]
    const product = tf.matMul(tf.reshape(used, [pixels, c]), tf.reshape(dy, [pixels, shape[3]]), true)
    return tf.reshape(product, shape)
  }
  const images = tf.transpose(seen, [3, 1, 2, 0])
  const filters = tf.transpose(dy, [1, 2, 0, 3])
  return tf.transpose(tf.conv2d(images, filters, dilations, 'valid', 'NHWC', strides), [1, 2, 0, 3])
}

/** dx: a convolution of dy, spread out by the strides, with the filter turned over and its channels swapped. */
const conv2dBackpropInput: Kernel = (inputs, node) => {
  const [filter, dy] = [inputs.tensor<Tensor4D>(1), inputs.tensor<Tensor4D>(2)]
  const shape = inputs.integers(0) as Shape4
  const { strides, dilations, before } = geometryOf(node, shape, filter.shape)
  const [wide, offset] = aroundInput(shape, filter.shape, dilations, before)
  const turned = tf.transpose(tf.reverse(filter, [0, 1]), [0, 1, 3, 2]) as Tensor4D
  return tf.conv2d(place(spreadOut(dy, strides), offset, wide), turned, 1, 'valid', 'NHWC', dilations)
}

/** Size of the spread-out dy, padded so that a valid convolution gives the input's size, and where dy begins in it. */
function aroundInput(input: readonly number[], filter: readonly number[], dilations: Pair, before: Pair): [Pair, Pair] {
  const extent = [0, 1].map((i) => (filter[i] - 1) * dilations[i])
  return [
    [input[1] + extent[0], input[2] + extent[1]],
    [extent[0] - before[0], extent[1] - before[1]],
  ]
}

const depthwise: Kernel = (inputs, node) => {
  const [x, filter] = [inputs.tensor<Tensor4D>(0), inputs.tensor<Tensor4D>(1)]
  const { strides, padding, dilations } = geometryOf(node, x.shape, filter.shape)
  return tf.depthwiseConv2d(x, filter, strides, padding as 'valid' | 'same', 'NHWC', dilations)
}

/** One tap of the filter at a time: the pixels it saw, times dy, summed. */
const depthwiseBackpropFilter: Kernel = (inputs, node) => {
  const [x, dy] = [inputs.tensor<Tensor4D>(0), inputs.tensor<Tensor4D>(2)]
  const shape = inputs.integers(1) as Shape4
  const [height, width, channels, multiplier] = shape
  const { strides, before, output } = geometryOf(node, x.shape, shape)
  const reach = [0, 1].map((i) => (output[i] - 1) * strides[i] + shape[i]) as Pair
  const seen = place(x, before, reach)
  const pixels = x.shape[0] * output[0] * output[1]
  const gradient = tf.reshape(dy, [pixels, channels, multiplier])
  const ones = tf.ones([1, pixels]) as Tensor2D
  const taps: Tensor2D[] = []
  for (let i = 0; i < height; i++)
    for (let j = 0; j < width; j++) {
      const end: Shape4 = [
        x.shape[0],
        i + (output[0] - 1) * strides[0] + 1,
        j + (output[1] - 1) * strides[1] + 1,
        channels,
      ]
      const tap = tf.stridedSlice(seen, [0, i, j, 0], end, [1, ...strides, 1])
      const product = tf.mul(tf.reshape(tap, [pixels, channels, 1]), gradient)
      taps.push(tf.matMul(ones, tf.reshape(product, [pixels, channels * multiplier])))
    }
  return tf.reshape(tf.concat(taps, 0), shape)
}

/** As for Conv2D, per multiplier: channel c's m-th output belongs to input c alone. */
const depthwiseBackpropInput: Kernel = (inputs, node) => {
  const [filter, dy] = [inputs.tensor<Tensor4D>(1), inputs.tensor<Tensor4D>(2)]
  const shape = inputs.integers(0) as Shape4
  const [height, width, channels, multiplier] = filter.shape
  const { strides, dilations, before } = geometryOf(node, shape, filter.shape)
  const [wide, offset] = aroundInput(shape, filter.shape, dilations, before)
  const turned = tf.reverse(filter, [0, 1]) as Tensor4D
  const split = tf.reshape(dy, [dy.shape[0] * dy.shape[1] * dy.shape[2], channels, multiplier])
  const parts = Array.from({ length: multiplier }, (_, m) => {
    const part =
      multiplier === 1
        ? dy
        : tf.reshape(tf.slice(split, [0, 0, m], [-1, channels, 1]), [...dy.shape.slice(0, 3), channels])
    const taps = tf.slice(turned, [0, 0, 0, m], [height, width, channels, 1])
    return tf.depthwiseConv2d(
      place(spreadOut(part as Tensor4D, strides), offset, wide),
      taps,
      1,
      'valid',
      'NHWC',
      dilations,
    )
  })
  return parts.length === 1 ? parts[0] : tf.addN(parts)
}

export const convolutionKernels: Record<string, Kernel> = {
  Conv2D: conv2d,
  Conv2DBackpropFilter: conv2dBackpropFilter,
  Conv2DBackpropInput: conv2dBackpropInput,
  DepthwiseConv2dNative: depthwise,
  DepthwiseConv2dNativeBackpropFilter: depthwiseBackpropFilter,
  DepthwiseConv2dNativeBackpropInput: depthwiseBackpropInput,
}
