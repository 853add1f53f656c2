import { intAttribute, intsAttribute, type NetworkNode } from '../../../core/graph/network'
import type { Ref } from '../graph'
import { extreme, multiply } from '../operations/arithmetic'
import type { Window } from '../operations/convolution'
import { averagePool, maxPool, spatialMean } from '../operations/pooling'
import { extremeOver, meanOver } from '../operations/reduction'
import { pad, slice } from '../operations/shaping'
import type { Scope, Value } from '../scope'
import type { Lowering } from './row'
import { alongTwoAxes, sizeOf, windowOf } from './window'

interface Pooled {
  readonly x: Ref
  readonly window: Window
  readonly input: [number, number]
  readonly output: [number, number]
  readonly channels: number
}

/** Pixels that a dilated window spans. */
const extentOf = ({ kernel, dilations }: Window): number[] => [0, 1].map((i) => (kernel[i] - 1) * dilations[i] + 1)

/** Rows and columns of the result; with ceil_mode, windows that begin behind the image do not count (opset 19). */
function resultOf(node: NetworkNode, window: Window, size: readonly number[]): [number, number] {
  const { top, bottom, left, right } = window.pads
  const extent = extentOf(window)
  const along = (axis: number, before: number, after: number): number => {
    const steps = (size[axis] + before + after - extent[axis]) / window.strides[axis]
    if (intAttribute(node, 'ceil_mode', 0) !== 1) return Math.floor(steps) + 1
    const last = Math.ceil(steps)
    return last * window.strides[axis] >= size[axis] + before ? last : last + 1
  }
  return [along(0, top, bottom), along(1, left, right)]
}

/** Pads the input as far as the windows reach (ceil_mode may reach past the pads), with `fill`. */
function prepare(node: NetworkNode, scope: Scope, value: Value, fill: number): Pooled {
  const input = sizeOf(node, scope, value)
  const window = windowOf(node, scope, intsAttribute(node, 'kernel_shape', []), input)
  const output = resultOf(node, window, input)
  const channels = value.shape[1] as number
  const before = [window.pads.top, window.pads.left]
  const extent = extentOf(window)
  const after = [0, 1].map((axis) =>
    Math.max(0, (output[axis] - 1) * window.strides[axis] + extent[axis] - input[axis] - before[axis]),
  )
  const needed = [...before, ...after].some((count) => count > 0)
  const shape = [-1, ...input, channels]
  const x = needed ? pad(scope, value.ref, shape, [0, ...before, 0], [0, ...after, 0], fill) : value.ref
  return { x, window, input, output, channels }
}

/**
 * What the mean over a whole window has to be multiplied by so that it is the mean over the cells that count: those of
 * the image, or of the padded image when `padded`. [outH · outW]
 */
function shares({ window, input, output }: Pooled, padded: boolean): Float32Array {
  const { pads, kernel, strides } = window
  const counted = (axis: number, before: number, after: number) =>
    Array.from({ length: output[axis] }, (_, i) => {
      const first = i * strides[axis] - before
      const low = padded ? -before : 0
      const high = padded ? input[axis] + after : input[axis]
      return Math.min(first + kernel[axis], high) - Math.max(first, low)
    })
  const rows = counted(0, pads.top, pads.bottom)
  const columns = counted(1, pads.left, pads.right)
  return Float32Array.from(rows.flatMap((row) => columns.map((column) => (kernel[0] * kernel[1]) / (row * column))))
}

function averagePoolRow(node: NetworkNode, scope: Scope, value: Value): Value {
  const pooled = prepare(node, scope, value, 0)
  if (pooled.window.dilations.some((step) => step !== 1)) throw scope.unsupported(node, 'has dilations')
  const y = averagePool(scope, pooled.x, pooled.window)
  const whole = [value.shape[0], pooled.channels, ...pooled.output]
  const factors = shares(pooled, intAttribute(node, 'count_include_pad', 0) === 1)
  if (factors.every((factor) => factor === 1)) return { ref: y, shape: whole }
  const shape = [1, 1, ...pooled.output]
  const ref = scope.graph.constant('float32', [1, ...pooled.output, 1], factors)
  return { ref: multiply(scope, { ref: y, shape: whole }, { ref, shape }, whole), shape: whole }
}

function maxPoolRow(node: NetworkNode, scope: Scope, value: Value): Value {
  const { x, window, input, output, channels } = prepare(node, scope, value, -Infinity)
  const shape = [value.shape[0], channels, ...output]
  if (window.dilations.every((step) => step === 1)) return { ref: maxPool(scope, x, window), shape }
  // The largest of as many strided slices as the window has cells.
  const { kernel, strides, dilations } = window
  const extent = extentOf(window)
  const sizes = [0, 1].map((i) => Math.max(input[i], (output[i] - 1) * strides[i] + extent[i]))
  const cells = Array.from({ length: kernel[0] * kernel[1] }, (_, cell): Value => {
    const begin = [0, Math.floor(cell / kernel[1]) * dilations[0], (cell % kernel[1]) * dilations[1], 0]
    const bounds = { begin, size: [-1, ...output, channels], strides: [1, ...strides, 1] }
    return { ref: slice(scope, x, [-1, ...sizes, channels], bounds), shape }
  })
  return cells.reduce((a, b) => extreme(scope, 'Maximum', a, b))
}

/** Over all axes behind the channels. */
const globalAveragePool: Lowering = (node, scope) => {
  const x = scope.input(node, 0)
  if (x.shape.length !== 4) return meanOver(scope, x, [...x.shape.keys()].slice(2))
  const ref = spatialMean(scope, x.ref, sizeOf(node, scope, x), x.shape[1] as number, true)
  return { ref, shape: [...x.shape.slice(0, 2), 1, 1] }
}

const globalMaxPool: Lowering = (node, scope) => {
  const x = scope.input(node, 0)
  return extremeOver(scope, 'Max', x, [...x.shape.keys()].slice(2))
}

export const poolingRows: Record<string, Lowering> = {
  MaxPool: alongTwoAxes(maxPoolRow),
  AveragePool: alongTwoAxes(averagePoolRow),
  GlobalAveragePool: globalAveragePool,
  GlobalMaxPool: globalMaxPool,
}
