import { intAttribute, intsAttribute, type Dim, type NetworkNode, type Shape } from '../network'
import {
  axisOf,
  contradiction,
  normalizeAxis,
  sameShape,
  shown,
  unknownDim,
  volume,
  type OpRow,
  type ShapeContext,
} from './row'

/** Axes given as an attribute (older opsets) or as an input (newer ones). */
export function axesOf(node: NetworkNode, context: ShapeContext, input: number): readonly number[] | undefined {
  const attribute = node.attributes['axes']
  if (Array.isArray(attribute)) return attribute as readonly number[]
  return context.constant(node, input)
}

/** Slice's parameters per axis, whichever opset wrote them. */
export function sliceParameters(node: NetworkNode, context: ShapeContext, rank: number) {
  const starts = node.attributes['starts'] ? intsAttribute(node, 'starts', []) : context.constant(node, 1)
  const ends = node.attributes['ends'] ? intsAttribute(node, 'ends', []) : context.constant(node, 2)
  if (!starts || !ends) return undefined
  const axes = (axesOf(node, context, 3) ?? starts.map((_, i) => i)).map((axis) => axisOf(node, axis, rank))
  const steps = context.constant(node, 4) ?? starts.map(() => 1)
  if (ends.length !== starts.length || axes.length !== starts.length || steps.some((step) => step === 0))
    throw contradiction(
      node,
      `its starts [${starts.join(', ')}], ends [${ends.join(', ')}] and steps do not go together`,
    )
  return axes.map((axis, i) => ({ axis, start: starts[i]!, end: ends[i]!, step: steps[i]! }))
}

/** Where a slice of an axis of `size` begins and how many it takes, by numpy's clamping rules. */
export function sliceRange(size: number, start: number, end: number, step: number): { first: number; count: number } {
  const clamp = (v: number, low: number, high: number) => Math.min(Math.max(v, low), high)
  const [low, high] = step > 0 ? [0, size] : [-1, size - 1]
  const first = clamp(start < 0 ? start + size : start, low, high)
  const last = clamp(end < 0 && end > -(2 ** 62) ? end + size : end, low, high)
  return { first, count: Math.max(0, Math.ceil((last - first) / step)) }
}

/** Indices a slice keeps of an axis of `size`. */
export function sliceIndices(size: number, start: number, end: number, step: number): number[] {
  const { first, count } = sliceRange(size, start, end, step)
  return Array.from({ length: count }, (_, i) => first + i * step)
}

/** Begin and end padding per axis: attribute or input, with opset 18's optional axes. */
export function padAmounts(
  node: NetworkNode,
  context: ShapeContext,
  rank: number,
): { begin: number[]; end: number[] } | undefined {
  const pads = node.attributes['pads'] ? intsAttribute(node, 'pads', []) : context.constant(node, 1)
  if (!pads) return undefined
  const axes =
    context.constant(node, 3)?.map((axis) => normalizeAxis(axis, rank)) ?? Array.from({ length: rank }, (_, i) => i)
  if (pads.length !== 2 * axes.length || axes.some((axis) => !(axis >= 0 && axis < rank)))
    throw contradiction(node, `it has ${pads.length} pads for ${axes.length} of ${rank} axes`)
  const begin = new Array<number>(rank).fill(0)
  const end = new Array<number>(rank).fill(0)
  axes.forEach((axis, i) => {
    begin[axis] = pads[i]!
    end[axis] = pads[i + axes.length]!
  })
  return { begin, end }
}

/** The axis is as long as all inputs together; the others agree. */
function concat(node: NetworkNode, context: ShapeContext): (Shape | undefined)[] {
  const shapes = node.inputs.map((input) => context.shape(input))
  const first = shapes[0]
  if (!first || !shapes.every((s) => s !== undefined)) return [undefined]
  const axis = axisOf(node, intAttribute(node, 'axis', 1), first.length)
  for (const shape of shapes)
    if (shape.length !== first.length || shape.some((dim, i) => i !== axis && differ(dim, first[i]!)))
      throw contradiction(node, `shapes ${shown(first)} and ${shown(shape)} cannot be joined along axis ${axis}`)
  return [
    first.map((dim, i): Dim => {
      if (i === axis)
        return total(
          node,
          shapes.map((shape) => shape[axis]!),
          axis,
        )
      return typeof dim === 'number'
        ? dim
        : (shapes.map((shape) => shape[i]!).find((d) => typeof d === 'number') ?? dim)
    }),
  ]
}

const differ = (a: Dim, b: Dim): boolean => typeof a === 'number' && typeof b === 'number' && a !== b

function total(node: NetworkNode, dims: readonly Dim[], axis: number): Dim {
  if (dims.length === 1) return dims[0]!
  return dims.every((dim) => typeof dim === 'number') ? dims.reduce((a, b) => a + b, 0) : unknownDim(node, axis)
}

function slice(node: NetworkNode, context: ShapeContext): (Shape | undefined)[] {
  const input = context.shape(node.inputs[0])
  if (!input) return [undefined]
  const parameters = sliceParameters(node, context, input.length)
  const axes = parameters ? undefined : (axesOf(node, context, 3) ?? (node.inputs[3] ? undefined : [0]))
  // Without its values a slice still leaves the other axes alone.
  if (!parameters && !axes) return [undefined]
  const output: Dim[] = [...input]
  for (const axis of axes ?? []) output[axisOf(node, axis, input.length)] = unknownDim(node, axis)
  for (const { axis, start, end, step } of parameters ?? []) {
    const size = output[axis]!
    const whole = start === 0 && end >= 2 ** 31 - 1 && step === 1
    output[axis] =
      typeof size === 'number' ? sliceRange(size, start, end, step).count : whole ? size : unknownDim(node, axis)
  }
  return [output]
}

function reshape(node: NetworkNode, context: ShapeContext): (Shape | undefined)[] {
  const input = context.shape(node.inputs[0])
  const target = context.items(node, 1) ?? (node.attributes['shape'] as readonly number[] | undefined)
  if (!input || !target) return [undefined]
  const zeros = intAttribute(node, 'allowzero', 0) === 1
  const output: Dim[] = target.map((dim, i) =>
    dim === undefined ? unknownDim(node, i) : dim === 0 && !zeros ? (input[i] ?? NaN) : dim,
  )
  // Symbols that are on both sides divide out; the batch stays where a 0 or a −1 (or the exporter's 1) stands for it.
  const symbols = input.filter((dim) => typeof dim === 'string' && !output.includes(dim))
  const hole = output.indexOf(-1)
  if (hole >= 0) {
    const rest = volume(output.filter((_, i) => i !== hole))
    const left = volume(input) / rest
    const foreign = output.some((dim) => typeof dim === 'string' && !input.includes(dim))
    output[hole] =
      foreign || symbols.length > 1 || (symbols.length === 1 && left !== 1)
        ? symbols.length === 1 && input[0] === symbols[0] && output.includes(1) && !foreign
          ? left
          : unknownDim(node, hole)
        : (symbols[0] ?? left)
  } else if (symbols.length === 0 && output.every((dim) => typeof dim === 'number' || input.includes(dim)))
    if (volume(output) !== volume(input))
      throw contradiction(node, `${shown(input)} does not fill the shape ${shown(output)}`)
  return [output]
}

function transpose(node: NetworkNode, context: ShapeContext): (Shape | undefined)[] {
  const input = context.shape(node.inputs[0])
  if (!input) return [undefined]
  const perm = intsAttribute(
    node,
    'perm',
    input.map((_, i) => input.length - 1 - i),
  )
  if (perm.length !== input.length || new Set(perm).size !== perm.length)
    throw contradiction(node, `it permutes ${shown(input)} by [${perm.join(', ')}]`)
  return [perm.map((axis) => input[axisOf(node, axis, input.length)]!)]
}

function squeeze(node: NetworkNode, context: ShapeContext): (Shape | undefined)[] {
  const input = context.shape(node.inputs[0])
  if (!input || (node.inputs[1] && !context.constant(node, 1))) return [undefined]
  const axes = axesOf(node, context, 1)?.map((axis) => axisOf(node, axis, input.length))
  const wide = axes?.find((axis) => typeof input[axis] === 'number' && input[axis] !== 1)
  if (wide !== undefined) throw contradiction(node, `axis ${wide} of ${shown(input)} is not 1`)
  return [input.filter((dim, i) => (axes ? !axes.includes(i) : dim !== 1))]
}

function unsqueeze(node: NetworkNode, context: ShapeContext): (Shape | undefined)[] {
  const input = context.shape(node.inputs[0])
  const given = axesOf(node, context, 1)
  if (!input || !given) return [undefined]
  const rank = input.length + given.length
  const axes = new Set(given.map((axis) => axisOf(node, axis, rank)))
  if (axes.size !== given.length) throw contradiction(node, `its axes [${given.join(', ')}] repeat`)
  const rest = [...input]
  return [Array.from({ length: rank }, (_, i): Dim => (axes.has(i) ? 1 : rest.shift()!))]
}

function split(node: NetworkNode, context: ShapeContext): (Shape | undefined)[] {
  const input = context.shape(node.inputs[0])
  if (!input) return []
  const axis = axisOf(node, intAttribute(node, 'axis', 0), input.length)
  const size = input[axis]!
  const given = node.attributes['split'] ? intsAttribute(node, 'split', []) : context.constant(node, 1)
  if (
    given &&
    (given.length !== node.outputs.length ||
      differ(
        size,
        given.reduce((a, b) => a + b, 0),
      ))
  )
    throw contradiction(node, `it splits axis ${axis} of ${shown(input)} into [${given.join(', ')}]`)
  // Only the last part may be smaller (opset 18).
  const part = typeof size === 'number' ? Math.ceil(size / node.outputs.length) : NaN
  return node.outputs.map((_, i) => {
    const own = given?.[i] ?? Math.min(part, Number(size) - i * part)
    return input.map((dim, d): Dim => (d !== axis ? dim : Number.isNaN(own) ? `${node.name}_out${i}` : own))
  })
}

/** [N, C, h·b, w·b] ↔ [N, C·b², h, w]. */
const blocks =
  (deeper: boolean): OpRow['shape'] =>
  (node, context) => {
    const input = context.shape(node.inputs[0])
    const block = intAttribute(node, 'blocksize', 1)
    if (!input) return [undefined]
    if (input.length !== 4 || block < 1)
      throw contradiction(node, `it rearranges ${shown(input)} by blocks of ${block}`)
    const scaled = (i: number, by: number): Dim => {
      const dim = input[i]!
      return typeof dim === 'number' ? dim * by : unknownDim(node, i)
    }
    const [depth, side] = deeper ? [block ** 2, 1 / block] : [1 / block ** 2, block]
    return [[input[0]!, scaled(1, depth), scaled(2, side), scaled(3, side)]]
  }

function oneHot(node: NetworkNode, context: ShapeContext): (Shape | undefined)[] {
  const indices = context.shape(node.inputs[0])
  const depth = context.constant(node, 1)?.[0]
  if (!indices || depth === undefined) return [undefined]
  const axis = axisOf(node, intAttribute(node, 'axis', -1), indices.length + 1)
  return [[...indices.slice(0, axis), depth, ...indices.slice(axis)]]
}

function topK(node: NetworkNode, context: ShapeContext): (Shape | undefined)[] {
  const input = context.shape(node.inputs[0])
  const count = context.constant(node, 1)?.[0]
  if (!input || count === undefined) return []
  const axis = axisOf(node, intAttribute(node, 'axis', -1), input.length)
  const shape = input.map((dim, i) => (i === axis ? count : dim))
  return [shape, shape]
}

function gather(node: NetworkNode, context: ShapeContext): (Shape | undefined)[] {
  const input = context.shape(node.inputs[0])
  const indices = context.shape(node.inputs[1])
  if (!input || !indices) return [undefined]
  const axis = axisOf(node, intAttribute(node, 'axis', 0), input.length)
  return [[...input.slice(0, axis), ...indices, ...input.slice(axis + 1)]]
}

function flatten(node: NetworkNode, context: ShapeContext): (Shape | undefined)[] {
  const input = context.shape(node.inputs[0])
  if (!input) return [undefined]
  const axis = normalizeAxis(intAttribute(node, 'axis', 1), input.length)
  if (axis < 0 || axis > input.length) throw contradiction(node, `it flattens ${shown(input)} from axis ${axis} on`)
  const merged = (dims: Shape, at: number): Dim => {
    if (dims.length === 1) return dims[0]!
    const symbols = dims.filter((dim) => typeof dim === 'string')
    // N·1·1 is N; a product of several symbols has no name.
    return symbols.length === 0
      ? volume(dims)
      : symbols.length === 1 && volume(dims) === 1
        ? symbols[0]!
        : unknownDim(node, at)
  }
  return [[merged(input.slice(0, axis), 0), merged(input.slice(axis), 1)]]
}

export const layoutOps: Readonly<Record<string, OpRow>> = {
  Concat: { shape: concat },
  Slice: { shape: slice },
  Pad: {
    shape(node, context) {
      const input = context.shape(node.inputs[0])
      const pads = input && padAmounts(node, context, input.length)
      if (!input || !pads) return [undefined]
      return [
        input.map((dim, i) => {
          const added = pads.begin[i]! + pads.end[i]!
          return typeof dim === 'number' ? dim + added : added === 0 ? dim : unknownDim(node, i)
        }),
      ]
    },
  },
  Flatten: { shape: flatten },
  Reshape: { shape: reshape },
  Transpose: { shape: transpose },
  Squeeze: { shape: squeeze },
  Unsqueeze: { shape: unsqueeze },
  Split: { shape: split },
  Gather: { shape: gather },
  GatherElements: { shape: (node, context) => [context.shape(node.inputs[1])] },
  ScatterElements: { shape: sameShape },
  ScatterND: { shape: sameShape },
  DepthToSpace: { shape: blocks(false) },
  SpaceToDepth: { shape: blocks(true) },
  OneHot: { shape: oneHot },
  TopK: { shape: topK },
  Shape: {
    shape(node, context) {
      const input = context.shape(node.inputs[0])
      return [input && [input.slice(intAttribute(node, 'start', 0), intAttribute(node, 'end', input.length)).length]]
    },
  },
  Size: { shape: () => [[]] },
  ConstantOfShape: {
    shape(node, context) {
      const items = context.items(node, 0)
      return [items?.map((item, i) => item ?? unknownDim(node, i))]
    },
  },
}
