import { intAttribute, intsAttribute, stringAttribute, type NetworkNode } from '../../../core/graph/network'
import type { Ref } from '../graph'
import { add } from '../operations/arithmetic'
import { biasAdd, convolution, type Weight, type Window } from '../operations/convolution'
import { mix } from '../operations/selection'
import { concat, pad, slice } from '../operations/shaping'
import { transposedConvolution } from '../operations/transposed'
import type { Scope, Value } from '../scope'
import { show, type Lowering } from './row'
import { alongTwoAxes, sizeOf, windowOf } from './window'

type Pair = readonly [number, number]

/** A weight's kernel with zeros between its taps: a dilated filter as a plain one. */
function spreadOut(scope: Scope, { ref, graphShape }: Weight, dilations: Pair): Weight {
  let weight: Weight = { ref, graphShape }
  dilations.forEach((step, axis) => {
    const taps = weight.graphShape[axis]
    if (step === 1 || taps === 1) return
    const extent = (taps - 1) * step + 1
    const matrix = Array.from({ length: extent }, (_, i) =>
      Array.from({ length: taps }, (_, tap) => (tap * step === i ? 1 : 0)),
    )
    weight = {
      ref: mix(scope, weight.ref, weight.graphShape, axis, matrix),
      graphShape: weight.graphShape.with(axis, extent),
    }
  })
  return weight
}

/** TensorFlow's depthwise kernels know one stride for both axes, and no dilated gradient. */
function depthwise(scope: Scope, x: Ref, weight: Weight, window: Window, size: Pair): Ref {
  const plain = spreadOut(scope, weight, window.dilations)
  const [height, width] = plain.graphShape
  const whole: Window = { ...window, kernel: [height, width], dilations: [1, 1] }
  const [down, across] = window.strides
  if (down === across) return convolution(scope, x, plain, whole, size, true)
  const y = convolution(scope, x, plain, { ...whole, strides: [1, 1] }, size, true)
  const { top, bottom, left, right } = window.pads
  const extents = [size[0] + top + bottom - height + 1, size[1] + left + right - width + 1]
  const channels = plain.graphShape[2] * plain.graphShape[3]
  return slice(scope, y, [-1, ...extents, channels], {
    begin: [0, 0, 0, 0],
    size: [-1, Math.ceil(extents[0] / down), Math.ceil(extents[1] / across), channels],
    strides: [1, down, across, 1],
  })
}

/** Group by group, between a split of x (`channels` each) and of the weight's last axis, and a join. */
function grouped(
  scope: Scope,
  x: Ref,
  weight: Weight,
  channels: number,
  [height, width]: Pair,
  groups: number,
  each: (x: Ref, weight: Weight) => { ref: Ref; channels: number },
): Ref {
  const share = weight.graphShape[3] / groups
  const parts = Array.from({ length: groups }, (_, group) => {
    const input = slice(scope, x, [-1, height, width, channels * groups], {
      begin: [0, 0, 0, group * channels],
      size: [-1, height, width, channels],
      strides: [1, 1, 1, 1],
    })
    const begin = weight.graphShape.map((_, i) => (i === 3 ? group * share : 0))
    const size = weight.graphShape.with(3, share)
    const ref = slice(scope, weight.ref, weight.graphShape, { begin, size, strides: [1, 1, 1, 1] })
    return each(input, { ref, graphShape: size })
  })
  return concat(
    scope,
    parts.map((part) => part.ref),
    3,
    parts.map((part) => part.channels),
    4,
  )
}

/** A weight's variable, or what computes it, in the graph's layout. */
function weightOf(node: NetworkNode, scope: Scope, layout: 'conv' | 'depthwise', groups: number): Weight {
  const variable = scope.variable(node, 1, 'weight', layout, groups)
  return { ref: variable.value, graphShape: variable.graphShape }
}

/** Adds B [O], learned where it is stored. */
function biased(node: NetworkNode, scope: Scope, y: Value): Value {
  if (!node.inputs[2]) return y
  if (scope.isConstant(node, 2))
    return { ref: biasAdd(scope, y.ref, scope.variable(node, 2, 'bias').value), shape: y.shape }
  const bias = scope.input(node, 2)
  // A vector meets the last axis of the graph's layout, which is the channels.
  return { ref: add(scope, y, { ref: bias.ref, shape: [1, y.shape[1], 1, 1] }, y.shape), shape: y.shape }
}

/** X [N, C, H, W], W [O, C/group, kH, kW], B [O]. */
function conv(node: NetworkNode, scope: Scope, x: Value): Value {
  const shape = weightShape(node, scope)
  const size = sizeOf(node, scope, x)
  const window = windowOf(node, scope, shape.slice(2), size)
  const groups = intAttribute(node, 'group', 1)
  const separate = groups > 1 && shape[1] === 1 && groups === x.shape[1]
  const weight = weightOf(node, scope, separate ? 'depthwise' : 'conv', groups)
  const whole = (input: Ref, part: Weight) => convolution(scope, input, part, window, size)
  const y = separate
    ? depthwise(scope, x.ref, weight, window, size)
    : groups === 1
      ? whole(x.ref, weight)
      : grouped(scope, x.ref, weight, shape[1], size, groups, (input, part) => ({
          ref: whole(input, part),
          channels: part.graphShape[3],
        }))
  const { kernel, strides, dilations, pads } = window
  const padded = [size[0] + pads.top + pads.bottom, size[1] + pads.left + pads.right]
  const result = [0, 1].map((i) => Math.floor((padded[i] - (kernel[i] - 1) * dilations[i] - 1) / strides[i]) + 1)
  return biased(node, scope, { ref: y, shape: [x.shape[0], shape[0], ...result] })
}

/** A stored weight's shape, 4-D. */
function weightShape(node: NetworkNode, scope: Scope): number[] {
  const shape = scope.constant(node, 1)?.shape.slice()
  if (!shape) throw scope.unsupported(node, 'computes its weights instead of storing them')
  return shape.length === 3 ? [shape[0], shape[1], 1, shape[2]] : shape
}

/** Rows and columns of a transposed convolution's result, and how many of the full one come before them. */
function cut(node: NetworkNode, window: Window, full: Pair): { before: number[]; result: number[] } {
  const extra = intsAttribute(node, 'output_padding', [0, 0])
  const wanted = intsAttribute(node, 'output_shape', [])
  const mode = stringAttribute(node, 'auto_pad', 'NOTSET')
  const { top, bottom, left, right } = window.pads
  const pads = [
    [top, bottom],
    [left, right],
  ]
  const along = [0, 1].map((axis): [number, number] => {
    const whole = full[axis] + extra[axis]
    if (wanted.length === 0 && !mode.startsWith('SAME')) {
      const [before, after] = mode === 'VALID' ? [0, 0] : pads[axis]
      return [before, whole - before - after]
    }
    // ONNX: what is too much goes half before, half after; SAME_UPPER rounds down before.
    const kept = window.kernel[axis] - 1
    const size = (full[axis] - kept * window.dilations[axis] - 1) / window.strides[axis] + 1
    const result = wanted.length ? wanted[axis + wanted.length - 2] : size * window.strides[axis]
    const surplus = Math.max(0, whole - result)
    return [mode === 'SAME_UPPER' ? Math.floor(surplus / 2) : surplus - Math.floor(surplus / 2), result]
  })
  return { before: along.map(([before]) => before), result: along.map(([, result]) => result) }
}

/** X [N, C, H, W], W [C, O/group, kH, kW], B [O]. */
function convTranspose(node: NetworkNode, scope: Scope, x: Value): Value {
  const shape = weightShape(node, scope)
  const size = sizeOf(node, scope, x)
  const given = { ...node, attributes: { ...node.attributes, auto_pad: 'NOTSET' } }
  const window = windowOf(given, scope, shape.slice(2), size)
  const { kernel, strides, dilations } = window
  const groups = intAttribute(node, 'group', 1)
  const separate = groups > 1 && shape[1] === 1 && groups === x.shape[1] && strides[0] === strides[1]
  const weight = weightOf(node, scope, separate ? 'depthwise' : 'conv', groups)
  const whole = (input: Ref, part: Weight) => transposedConvolution(scope, input, part, window, size, false)
  const spread = separate ? spreadOut(scope, weight, dilations) : weight
  const plain: Window = { ...window, kernel: [spread.graphShape[0], spread.graphShape[1]], dilations: [1, 1] }
  const full = separate
    ? transposedConvolution(scope, x.ref, spread, plain, size, true)
    : groups === 1
      ? whole(x.ref, weight)
      : grouped(scope, x.ref, weight, shape[0] / groups, size, groups, (input, part) => ({
          ref: whole(input, part),
          channels: part.graphShape[2],
        }))
  const extents = [0, 1].map((i) => (size[i] - 1) * strides[i] + (kernel[i] - 1) * dilations[i] + 1)
  const { before, result } = cut(node, window, [extents[0], extents[1]])
  const channels = shape[1] * groups
  if (Math.min(...result) < 1) throw scope.unsupported(node, `makes ${show(result)} pixels`)
  // output_padding may reach past the full result: zeros, as in ONNX.
  const beyond = [0, 1].map((i) => Math.max(0, before[i] + result[i] - extents[i]))
  const wide = beyond.some((count) => count > 0)
    ? pad(scope, full, [-1, ...extents, channels], [0, 0, 0, 0], [0, ...beyond, 0])
    : full
  const y = slice(scope, wide, [-1, ...extents.map((extent, i) => extent + beyond[i]), channels], {
    begin: [0, ...before, 0],
    size: [-1, ...result, channels],
    strides: [1, 1, 1, 1],
  })
  return biased(node, scope, { ref: y, shape: [x.shape[0], channels, ...result] })
}

export const convolutionRows: Record<string, Lowering> = {
  Conv: alongTwoAxes(conv),
  ConvTranspose: alongTwoAxes(convTranspose),
}
