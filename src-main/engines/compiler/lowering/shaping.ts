import { intAttribute, intsAttribute, stringAttribute, type NetworkNode } from '../../../core/graph/network'
import { sliceIndices } from '../../../core/graph/ops/layout'
import { graphAxis, placeholderShape, toGraphOrder } from '../layout'
import { reshapeTo, transposeTo } from '../operations/arrange'
import { subsample } from '../operations/pooling'
import { select } from '../operations/selection'
import { concat, pad, slice } from '../operations/shaping'
import type { Scope, Value } from '../scope'
import { fromFront, listOf, numberOf, show, type Lowering } from './row'

/** Flatten, Reshape, Squeeze, Unsqueeze: the elements stay in ONNX order. */
const reshapeRow: Lowering = (node, scope) => {
  const x = scope.input(node, 0)
  const target = scope.outputShape(node)
  const value = reshapeTo(scope, x, target)
  if (!value) throw scope.unsupported(node, `reshapes ${show(x.shape)} to ${show(target)}, which moves the batch`)
  return value
}

const transposeRow: Lowering = (node, scope) => {
  const x = scope.input(node, 0)
  return transposeTo(scope, x, intsAttribute(node, 'perm', [...x.shape.keys()].reverse()))
}

const concatRow: Lowering = (node, scope) => {
  const inputs = node.inputs.map((_, index) => scope.input(node, index))
  const rank = inputs[0].shape.length
  const axis = fromFront(intAttribute(node, 'axis', 1), rank)
  const sizes = inputs.map((input) => Number(input.shape[axis]))
  const symbols = inputs.flatMap((input) => input.shape.filter((dim) => typeof dim !== 'number'))
  // A constant would have to be repeated for each image of the batch.
  const constant = node.inputs.some((_, i) => scope.isConstant(node, i))
  if (sizes.some(Number.isNaN) || (constant && symbols.length > 0))
    throw scope.unsupported(node, 'joins along the batch, or joins a constant')
  const refs = inputs.map((input) => input.ref)
  const shape = inputs[0].shape.with(
    axis,
    sizes.reduce((a, b) => a + b, 0),
  )
  return { ref: concat(scope, refs, graphAxis(axis, rank), sizes, rank), shape }
}

/** What a Slice takes of each axis it names. */
interface Range {
  readonly axis: number
  readonly indices: readonly number[]
  readonly step: number
}

/** The axes that are really cut, in ONNX order. */
function rangesOf(node: NetworkNode, scope: Scope, shape: Value['shape']): Range[] {
  const starts = listOf(node, scope, 'starts', 1) ?? []
  const ends = listOf(node, scope, 'ends', 2) ?? []
  const axes = listOf(node, scope, 'axes', 3) ?? starts.map((_, i) => i)
  const steps = listOf(node, scope, 'steps', 4) ?? starts.map(() => 1)
  return axes.flatMap((given, i): Range[] => {
    const axis = fromFront(given, shape.length)
    const extent = shape[axis]
    const step = steps[i]
    if (typeof extent === 'number') {
      const indices = sliceIndices(extent, starts[i], ends[i], step)
      return indices.length === extent && step > 0 ? [] : [{ axis, indices, step }]
    }
    // All of a batch of unknown size is no cut.
    if (starts[i] === 0 && ends[i] > 1e9 && step === 1) return []
    throw scope.unsupported(node, 'cuts an axis of unknown size')
  })
}

const sliceRow: Lowering = (node, scope) => {
  const x = scope.input(node, 0)
  const ranges = rangesOf(node, scope, x.shape)
  const shape = x.shape.map((dim, axis) => ranges.find((range) => range.axis === axis)?.indices.length ?? dim)
  const forward = ranges.filter(({ step }) => step > 0)
  let { ref } = x
  if (forward.length) {
    const along = x.shape.map((_, axis) => forward.find((range) => range.axis === axis))
    const bounds = toGraphOrder(along)
    const strides = bounds.map((range) => range?.step ?? 1)
    const extents = placeholderShape(x.shape)
    // Every other pixel, as option-A shortcuts take it.
    const subsamples =
      x.shape.length === 4 &&
      bounds.every(
        (range, axis) =>
          !range ||
          (range.indices[0] === 0 &&
            range.indices.length === Math.ceil(extents[axis] / range.step) &&
            (axis === 1 || axis === 2)),
      )
    ref =
      subsamples && strides.some((step) => step > 1)
        ? subsample(scope, ref, [extents[1], extents[2]], extents[3], [strides[1], strides[2]])
        : slice(scope, ref, extents, {
            begin: bounds.map((range) => range?.indices[0] ?? 0),
            size: bounds.map((range, axis) => range?.indices.length ?? extents[axis]),
            strides,
          })
  }
  let now = x.shape.map((dim, axis) => forward.find((range) => range.axis === axis)?.indices.length ?? dim)
  for (const { axis, indices, step } of ranges) {
    if (step > 0) continue
    ref = select(scope, ref, placeholderShape(now), graphAxis(axis, now.length), indices)
    now = now.with(axis, indices.length)
  }
  return { ref, shape }
}

/** Which pixel stands at each place of a padded axis. */
function reflected(mode: string, size: number, before: number, after: number): number[] | undefined {
  const at = (i: number): number | undefined => {
    if (mode === 'edge') return Math.min(size - 1, Math.max(0, i))
    if (mode === 'wrap') return ((i % size) + size) % size
    if (mode !== 'reflect') return undefined
    const period = Math.max(1, 2 * (size - 1))
    const phase = ((i % period) + period) % period
    return phase < size ? phase : period - phase
  }
  const indices = Array.from({ length: size + before + after }, (_, i) => at(i - before))
  return indices.every((index) => index !== undefined) ? indices : undefined
}

/** Amounts per axis, in ONNX order. */
function padsOf(node: NetworkNode, scope: Scope, rank: number): { before: number[]; after: number[] } {
  const pads = listOf(node, scope, 'pads', 1) ?? listOf(node, scope, 'paddings', 1) ?? []
  const axes = listOf(node, scope, 'axes', 3) ?? Array.from({ length: rank }, (_, i) => i)
  const [before, after] = [new Array<number>(rank).fill(0), new Array<number>(rank).fill(0)]
  axes.forEach((given, i) => {
    before[fromFront(given, rank)] = pads[i]
    after[fromFront(given, rank)] = pads[i + axes.length]
  })
  return { before, after }
}

/** A constant around, or what the image itself has there; negative amounts cut. */
const padRow: Lowering = (node, scope) => {
  const x = scope.input(node, 0)
  const rank = x.shape.length
  const mode = stringAttribute(node, 'mode', 'constant')
  const { before, after } = padsOf(node, scope, rank)
  const changed = [...x.shape.keys()].filter((axis) => before[axis] || after[axis])
  if (changed.some((axis) => typeof x.shape[axis] !== 'number')) throw scope.unsupported(node, 'pads the batch')
  const shape = x.shape.map((dim, axis) => (typeof dim === 'number' ? dim + before[axis] + after[axis] : dim))
  if (mode !== 'constant') {
    let value = x
    for (const axis of changed) {
      const indices = reflected(mode, Number(x.shape[axis]), before[axis], after[axis])
      if (!indices) throw scope.unsupported(node, `pads by ${mode}`)
      const dims = placeholderShape(value.shape)
      const ref = select(scope, value.ref, dims, graphAxis(axis, rank), indices)
      value = { ref, shape: value.shape.with(axis, indices.length) }
    }
    return value
  }
  const kept = cropped(scope, x, before, after)
  const [grownBefore, grownAfter] = [before, after].map((list) => toGraphOrder(list.map((count) => Math.max(0, count))))
  if ([...grownBefore, ...grownAfter].every((count) => count === 0)) return kept
  const value = numberOf(node, scope, 'value', 2, 0)
  return { ref: pad(scope, kept.ref, placeholderShape(kept.shape), grownBefore, grownAfter, value), shape }
}

/** Without what negative amounts cut off. */
function cropped(scope: Scope, x: Value, before: readonly number[], after: readonly number[]): Value {
  if (Math.min(...before, ...after) >= 0) return x
  const cut = (count: number) => Math.max(0, -count)
  const shape = x.shape.map((dim, i) => (typeof dim === 'number' ? dim - cut(before[i]) - cut(after[i]) : dim))
  const bounds = { begin: toGraphOrder(before.map(cut)), size: placeholderShape(shape), strides: before.map(() => 1) }
  return { ref: slice(scope, x.ref, placeholderShape(x.shape), bounds), shape }
}

const pass: Lowering = (node, scope) => scope.input(node, 0)

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
