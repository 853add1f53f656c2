import { intAttribute, intsAttribute, type NetworkNode } from '../../../core/graph/network'
import type { Ref } from '../graph'
import { multiply } from '../operations/arithmetic'
import type { Window } from '../operations/convolution'
import { averagePool, maxPool, spatialMean } from '../operations/pooling'
import { pad } from '../operations/shaping'
import { reshape } from '../operations/shaping'
import type { Scope } from '../scope'
import { listOf, type Lowering } from './row'
import { windowOf } from './window'

interface Pooled {
  readonly x: Ref
  readonly window: Window
  readonly input: [number, number]
  readonly output: [number, number]
  readonly channels: number
}

/** Pads the input as far as the windows reach (ceil_mode may reach past the pads), with `fill`. */
function prepare(node: NetworkNode, scope: Scope, fill: number): Pooled {
  const value = scope.input(node, 0)
  const input = scope.spatial(node.inputs[0])
  const window = windowOf(node, scope, intsAttribute(node, 'kernel_shape', []), input)
  if (window.dilations.some((step) => step !== 1)) throw scope.unsupported(node, 'has dilations')
  const output = scope.spatial(node.outputs[0])
  const channels = value.shape[1] as number
  const before = [window.pads.top, window.pads.left]
  const after = [0, 1].map((axis) =>
    Math.max(0, (output[axis] - 1) * window.strides[axis] + window.kernel[axis] - input[axis] - before[axis]),
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

const averagePoolRow: Lowering = (node, scope) => {
  const pooled = prepare(node, scope, 0)
  const y = averagePool(scope, pooled.x, pooled.window)
  const factors = shares(pooled, intAttribute(node, 'count_include_pad', 0) === 1)
  if (factors.every((factor) => factor === 1)) return y
  const shape = [1, 1, ...pooled.output]
  const ref = scope.graph.constant('float32', [1, ...pooled.output, 1], factors)
  const whole = scope.outputShape(node)
  return multiply(scope, { ref: y, shape: whole }, { ref, shape }, whole)
}

const maxPoolRow: Lowering = (node, scope) => {
  const { x, window } = prepare(node, scope, -Infinity)
  return maxPool(scope, x, window)
}

function meanOverSpace(node: NetworkNode, scope: Scope, keepDims: boolean): Ref {
  const x = scope.input(node, 0)
  return spatialMean(scope, x.ref, scope.spatial(node.inputs[0]), x.shape[1] as number, keepDims)
}

/** Over height and width only. */
const reduceMean: Lowering = (node, scope) => {
  const rank = scope.input(node, 0).shape.length
  const axes = listOf(node, scope, 'axes', 1)?.map((axis) => (axis < 0 ? axis + rank : axis))
  if (rank !== 4 || axes?.toSorted().join() !== '2,3')
    throw scope.unsupported(node, `reduces axes ${axes?.join(', ') ?? 'all'} of ${rank}; height and width are known`)
  return meanOverSpace(node, scope, intAttribute(node, 'keepdims', 1) === 1)
}

const globalAveragePool: Lowering = (node, scope) => {
  const x = scope.input(node, 0)
  if (x.shape.length === 4) return meanOverSpace(node, scope, true)
  if (x.shape.length === 2) return reshape(scope, x.ref, [-1, x.shape[1] as number])
  throw scope.unsupported(node, `pools ${x.shape.length} dimensions`)
}

export const poolingRows: Record<string, Lowering> = {
  MaxPool: maxPoolRow,
  AveragePool: averagePoolRow,
  GlobalAveragePool: globalAveragePool,
  ReduceMean: reduceMean,
}
