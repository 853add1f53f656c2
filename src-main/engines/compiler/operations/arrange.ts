import type { Shape } from '../../../core/graph/network'
import {
  graphAxis,
  NCHW_TO_NHWC,
  NHWC_TO_NCHW,
  placeholderShape,
  sizesOf,
  toGraphOrder,
  withLeadingOnes,
} from '../layout'
import type { Ref } from '../graph'
import type { Pass, Value } from '../pass'
import { reshape, transpose } from './shaping'

const isSymbol = (dim: Shape[number]): boolean => typeof dim !== 'number'

/** Product of the known dimensions. */
const volume = (dims: Shape): number =>
  dims.reduce<number>((product, dim) => (typeof dim === 'number' ? product * dim : product), 1)

/** Whether the graph's order of a tensor's elements is also ONNX's: not 4-D, or one pixel, or one channel. */
const sameOrder = (shape: Shape): boolean => shape.length !== 4 || shape[1] === 1 || (shape[2] === 1 && shape[3] === 1)

/** A tensor with its axes in ONNX's order, for ops that know no images. */
export const inOnnxOrder = (pass: Pass, x: Value): Ref =>
  x.shape.length === 4 ? transpose(pass, x.ref, NHWC_TO_NCHW) : x.ref

/** The inverse: a tensor of `shape` in ONNX's order, as it lies in the graph. */
export const inGraphOrder = (pass: Pass, ref: Ref, shape: Shape): Value => ({
  ref: shape.length === 4 ? transpose(pass, ref, NCHW_TO_NHWC) : ref,
  shape,
})

/**
 * The shape that a reshaped tensor really has: `target`, with the batch where an exporter wrote the one it saw.
 * Undefined when the elements of one image would not stay together, or too much is unknown.
 */
function reshapedShape(from: Shape, target: Shape): Shape | undefined {
  const [known, unknown] = [from, target].map((shape) => shape.filter(isSymbol).length)
  if (known === 0 && unknown === 0) return volume(from) === volume(target) ? target : undefined
  if (unknown === 1) return known > 1 || volume(from) === volume(target) ? target : undefined
  if (unknown === 0 && known === 1 && isSymbol(from[0]) && volume(from) === volume(target.slice(1)))
    return [from[0], ...target.slice(1)]
  return undefined
}

/**
 * The same elements, in ONNX order, in another shape: 4-D tensors leave NHWC and return to it. Undefined when the
 * shapes do not fit, or the batch would be torn.
 */
export function reshapeTo(pass: Pass, x: Value, target: Shape): Value | undefined {
  const shape = reshapedShape(x.shape, target)
  if (!shape) return undefined
  if (shape.join() === x.shape.join()) return { ref: x.ref, shape }
  const ordered = sameOrder(x.shape) ? x.ref : transpose(pass, x.ref, NHWC_TO_NCHW)
  if (sameOrder(shape)) return { ref: reshape(pass, ordered, placeholderShape(shape)), shape }
  return { ref: transpose(pass, reshape(pass, ordered, sizesOf(shape)), NCHW_TO_NHWC), shape }
}

/** Result axis i is axis order[i] of x, in ONNX order. */
export function transposeTo(pass: Pass, x: Value, order: readonly number[]): Value {
  const rank = x.shape.length
  const ref = transpose(
    pass,
    x.ref,
    toGraphOrder(order).map((axis) => graphAxis(axis, rank)),
  )
  return { ref, shape: order.map((axis) => x.shape[axis]) }
}

/** x with ones put before its shape, so that it meets tensors of `rank` dimensions as ONNX broadcasts. */
export function widen(pass: Pass, x: Value, rank: number): Value {
  const shape = withLeadingOnes(x.shape, rank)
  if (shape.length === x.shape.length) return x
  return reshapeTo(pass, x, shape) ?? x
}
