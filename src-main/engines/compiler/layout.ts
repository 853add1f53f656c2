import type { Shape } from '../../core/graph/network'
import type { Attribute } from './graph'

/**
 * How a constant of the ONNX file lies in the graph: as it is, or with its axes permuted.
 * conv: OIHW → HWIO. depthwise: [C·m, 1, kH, kW] → [kH, kW, C, m].
 */
export type WeightLayout = 'same' | 'conv' | 'depthwise'

/**
 * How images lie in the graph, for TensorFlow's CPU convolutions and, in half precision and TF32, for tensor cores.
 * Where a GPU prefers planes, TensorFlow's own layout optimizer turns the graph around as it loads it.
 */
export const LAYOUT = 'NHWC'
export const DATA_FORMAT: Attribute = { string: LAYOUT }

/** Where each axis of the result comes from. */
export const NCHW_TO_NHWC = [0, 2, 3, 1]
export const NHWC_TO_NCHW = [0, 3, 1, 2]

/** Position of an ONNX axis in the graph's layout: 4-D activations are NHWC. */
export const graphAxis = (axis: number, rank: number): number => {
  const positive = axis < 0 ? axis + rank : axis
  return rank === 4 ? NCHW_TO_NHWC.indexOf(positive) : positive
}

/** A list with one entry per axis, from ONNX order to the graph's. */
export const toGraphOrder = <T>(perAxis: readonly T[]): T[] =>
  perAxis.length === 4 ? NCHW_TO_NHWC.map((axis) => perAxis[axis]) : perAxis.slice()

/** Moves axes: result axis i is axis `order[i]` of the source. Row-major. */
export function permute(data: ArrayLike<number>, shape: readonly number[], order: readonly number[]): Float32Array {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1))
  const sizes = order.map((axis) => shape[axis])
  const steps = order.map((axis) => strides[axis])
  const out = new Float32Array(data.length)
  const index = new Array<number>(order.length).fill(0)
  let from = 0
  for (let to = 0; to < out.length; to++) {
    out[to] = data[from]
    for (let axis = order.length - 1; axis >= 0; axis--) {
      from += steps[axis]
      if (++index[axis] < sizes[axis]) break
      from -= steps[axis] * sizes[axis]
      index[axis] = 0
    }
  }
  return out
}

/** The weight of a signal's convolution [O, I, k] as that of images of height 1. */
const twoAxes = (shape: readonly number[]): readonly number[] =>
  shape.length === 3 ? [shape[0], shape[1], 1, shape[2]] : shape

/** An initializer's shape in the graph. `groups` only for depthwise: the number of input channels. */
export function graphShape(given: readonly number[], layout: WeightLayout, groups = 1): number[] {
  if (layout === 'same') return given.slice()
  const shape = twoAxes(given)
  if (layout === 'conv') return [shape[2], shape[3], shape[1], shape[0]]
  return [shape[2], shape[3], groups, shape[0] / groups]
}

/** Values of an initializer, from ONNX order to the graph's; always a copy. */
export function toGraph(data: ArrayLike<number>, given: readonly number[], layout: WeightLayout): Float32Array {
  const shape = twoAxes(given)
  if (layout === 'conv') return permute(data, shape, [2, 3, 1, 0])
  if (layout === 'depthwise') return permute(data, [shape[0], shape[2], shape[3]], [1, 2, 0])
  return Float32Array.from(data)
}

/** The inverse: values from the graph back to ONNX order, `shape` being the initializer's. Always a copy. */
export function fromGraph(data: ArrayLike<number>, given: readonly number[], layout: WeightLayout): Float32Array {
  const shape = twoAxes(given)
  if (layout === 'conv') return permute(data, [shape[2], shape[3], shape[1], shape[0]], [3, 2, 0, 1])
  if (layout === 'depthwise') return permute(data, [shape[2], shape[3], shape[0]], [2, 0, 1])
  return Float32Array.from(data)
}

/** A list with one entry per axis, from the graph's order to ONNX's. */
export const toOnnxOrder = <T>(perAxis: readonly T[]): T[] =>
  perAxis.length === 4 ? NHWC_TO_NCHW.map((axis) => perAxis[axis]) : perAxis.slice()

/** NCHW values → NHWC, or the values themselves when they are not 4-D. */
export const toNhwc = (data: Float32Array, shape: readonly number[]): Float32Array =>
  shape.length === 4 ? permute(data, shape, NCHW_TO_NHWC) : data

/** NHWC values → NCHW; `shape` in NCHW. */
export const toNchw = (data: Float32Array, shape: readonly number[]): Float32Array =>
  shape.length === 4 ? permute(data, toGraphOrder(shape), NHWC_TO_NCHW) : data

/** A shape as it is, −1 where it is symbolic. */
export const sizesOf = (shape: Shape): number[] => shape.map((dim) => (typeof dim === 'number' ? dim : -1))

/** A shape in the graph's order, −1 where it is symbolic. */
export const placeholderShape = (shape: Shape): number[] => sizesOf(toGraphOrder(shape))

/** Ones put before a shape, up to `rank` dimensions: how ONNX lines up operands that broadcast. */
export const withLeadingOnes = <T>(shape: readonly T[], rank: number): (T | 1)[] => [
  ...new Array<1>(Math.max(0, rank - shape.length)).fill(1),
  ...shape,
]
