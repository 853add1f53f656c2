import { intAttribute, intsAttribute, stringAttribute, type NetworkNode } from '../../../core/graph/network'
import type { Ref } from '../graph'
import { graphAxis, NHWC_TO_NCHW, placeholderShape, toGraphOrder } from '../layout'
import { subsample } from '../operations/pooling'
import { concat, pad, reshape, slice, transpose } from '../operations/shaping'
import type { Scope, Value } from '../scope'
import { listOf, numberOf, type Lowering } from './row'

const volume = (dims: Value['shape']): number => dims.reduce<number>((product, dim) => product * Number(dim), 1)

/** Whether the graph's order of a 4-D tensor is also ONNX's: one pixel, or one channel. */
const sameOrder = (shape: Value['shape']): boolean =>
  shape.length !== 4 || shape[1] === 1 || (shape[2] === 1 && shape[3] === 1)

/** Flatten, Reshape, Squeeze, Unsqueeze: the elements stay in ONNX order, so 4-D tensors leave NHWC and return to it. */
const reshapeRow: Lowering = (node, scope) => {
  const x = scope.input(node, 0)
  const target = scope.outputShape(node)
  const [from, to] = [x.shape, target].map((shape) => shape.slice(1))
  if ([...from, ...to].some((dim) => typeof dim !== 'number') || volume(from) !== volume(to))
    throw scope.unsupported(node, `reshapes [${x.shape.join(', ')}] to [${target.join(', ')}], which moves the batch`)
  const sizes = to.map(Number)
  const plain = sameOrder(x.shape) ? x.ref : transpose(scope, x.ref, NHWC_TO_NCHW)
  if (sameOrder(target)) return reshape(scope, plain, placeholderShape([-1, ...sizes]))
  return transpose(scope, reshape(scope, plain, [-1, ...sizes]), [0, 2, 3, 1])
}

const transposeRow: Lowering = (node, scope) => {
  const x = scope.input(node, 0)
  const rank = x.shape.length
  const order = intsAttribute(node, 'perm', [...x.shape.keys()].reverse())
  if (order[0] !== 0) throw scope.unsupported(node, 'moves the batch')
  return transpose(
    scope,
    x.ref,
    toGraphOrder(order).map((axis) => graphAxis(axis, rank)),
  )
}

const concatRow: Lowering = (node, scope) => {
  const rank = scope.outputShape(node).length
  const inputs = node.inputs.map((_, index) => scope.input(node, index, rank))
  const axis = intAttribute(node, 'axis', 1)
  const positive = axis < 0 ? axis + rank : axis
  const sizes = inputs.map((input) => Number(input.shape[positive]))
  // A constant would have to be repeated for each image of the batch.
  if (positive === 0 || sizes.some(Number.isNaN) || node.inputs.some((_, i) => scope.isConstant(node, i)))
    throw scope.unsupported(node, 'joins along the batch, or joins a constant')
  const refs = inputs.map((input) => input.ref)
  return concat(scope, refs, graphAxis(axis, rank), sizes, rank)
}

/** Begin, size and step of each axis, in ONNX order. */
function sliceBounds(node: NetworkNode, scope: Scope, shape: Value['shape']) {
  const starts = listOf(node, scope, 'starts', 1) ?? []
  const ends = listOf(node, scope, 'ends', 2) ?? []
  const axes = listOf(node, scope, 'axes', 3) ?? starts.map((_, i) => i)
  const steps = listOf(node, scope, 'steps', 4) ?? starts.map(() => 1)
  const bounds = shape.map((dim, axis) => ({ begin: 0, size: axis === 0 ? -1 : Number(dim), step: 1 }))
  axes.forEach((given, i) => {
    const axis = given < 0 ? given + shape.length : given
    const extent = shape[axis]
    const step = steps[i]
    if (axis === 0 || typeof extent !== 'number' || step < 1)
      throw scope.unsupported(node, axis === 0 ? 'cuts the batch' : 'steps backwards or has an unknown extent')
    const clamp = (index: number) => Math.max(0, Math.min(extent, index < 0 ? index + extent : index))
    const [begin, end] = [clamp(starts[i]), clamp(ends[i])]
    bounds[axis] = { begin, size: Math.max(0, Math.ceil((end - begin) / step)), step }
  })
  return bounds
}

const sliceRow: Lowering = (node, scope) => {
  const x = scope.input(node, 0)
  const bounds = toGraphOrder(sliceBounds(node, scope, x.shape))
  const extents = placeholderShape(x.shape)
  const strides = bounds.map((bound) => bound.step)
  // Every other pixel, as option-A shortcuts take it.
  const subsamples =
    x.shape.length === 4 &&
    bounds.every(({ begin, size, step }, axis) => {
      const whole = size < 0 || size === Math.ceil(extents[axis] / step)
      return begin === 0 && whole && (step === 1 || axis === 1 || axis === 2)
    })
  if (subsamples && strides.some((step) => step > 1)) {
    const [, height, width, channels] = extents
    return subsample(scope, x.ref, [height, width], channels, [strides[1], strides[2]])
  }
  return slice(scope, x.ref, extents, {
    begin: bounds.map((bound) => bound.begin),
    size: bounds.map((bound) => bound.size),
    strides,
  })
}

/** Zeros, or another constant, around any axis but the batch. */
const padRow: Lowering = (node, scope) => {
  const x = scope.input(node, 0)
  const rank = x.shape.length
  const mode = stringAttribute(node, 'mode', 'constant')
  if (mode !== 'constant') throw scope.unsupported(node, `pads by ${mode}`)
  const pads = listOf(node, scope, 'pads', 1) ?? []
  const axes = listOf(node, scope, 'axes', 3) ?? [...x.shape.keys()]
  const [before, after] = [new Array<number>(rank).fill(0), new Array<number>(rank).fill(0)]
  axes.forEach((given, i) => {
    const axis = given < 0 ? given + rank : given
    before[axis] = pads[i]
    after[axis] = pads[i + axes.length]
  })
  if (before[0] || after[0] || Math.min(...before, ...after) < 0)
    throw scope.unsupported(node, 'pads the batch, or by a negative amount')
  const value = numberOf(node, scope, 'value', 2, 0)
  const shape = placeholderShape(x.shape)
  return pad(scope, x.ref, shape, toGraphOrder(before), toGraphOrder(after), value)
}

const pass = (node: NetworkNode, scope: Scope): Ref => scope.input(node, 0).ref

export const shapingRows: Record<string, Lowering> = {
  Flatten: reshapeRow,
  Reshape: reshapeRow,
  Squeeze: reshapeRow,
  Unsqueeze: reshapeRow,
  Transpose: transposeRow,
  Concat: concatRow,
  Slice: sliceRow,
  Pad: padRow,
  Identity: pass,
  Dropout: pass,
}
