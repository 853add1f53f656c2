import { intAttribute, intsAttribute, type Dim, type NetworkNode, type Shape } from '../network'
import { normalizeAxis, volume, type OpRow, type ShapeContext } from './row'

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
  const axes = (axesOf(node, context, 3) ?? starts.map((_, i) => i)).map((axis) => normalizeAxis(axis, rank))
  const steps = context.constant(node, 4) ?? starts.map(() => 1)
  return axes.map((axis, i) => ({ axis, start: starts[i]!, end: ends[i]!, step: steps[i]! }))
}

/** Indices a slice keeps of an axis of `size`, by numpy's clamping rules. */
export function sliceIndices(size: number, start: number, end: number, step: number): number[] {
  const clamp = (v: number, low: number, high: number) => Math.min(Math.max(v, low), high)
  const from = start < 0 ? start + size : start
  const to = end < 0 && end > -(2 ** 62) ? end + size : end
  const indices: number[] = []
  if (step > 0) for (let i = clamp(from, 0, size); i < clamp(to, 0, size); i += step) indices.push(i)
  else for (let i = clamp(from, -1, size - 1); i > clamp(to, -1, size - 1); i += step) indices.push(i)
  return indices
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
  const begin = new Array<number>(rank).fill(0)
  const end = new Array<number>(rank).fill(0)
  axes.forEach((axis, i) => {
    begin[axis] = pads[i]!
    end[axis] = pads[i + axes.length]!
  })
  return { begin, end }
}

export const layoutOps: Record<string, OpRow> = {
  Concat: {
    shape(node, context) {
      const shapes = node.inputs.map((input) => context.shape(input))
      if (!shapes.every((s) => s !== undefined)) return [undefined]
      const first = shapes[0] as Shape
      const axis = normalizeAxis(intAttribute(node, 'axis', 1), first.length)
      const total = (shapes as Shape[]).reduce((sum, shape) => sum + Number(shape[axis]), 0)
      return [first.map((dim, i) => (i === axis ? (Number.isNaN(total) ? `${node.name}_${i}` : total) : dim))]
    },
  },
  Slice: {
    shape(node, context) {
      const input = context.shape(node.inputs[0])
      const parameters = input && sliceParameters(node, context, input.length)
      if (!input || !parameters) return [undefined]
      const output: Dim[] = [...input]
      for (const { axis, start, end, step } of parameters) {
        const size = output[axis]
        output[axis] = typeof size === 'number' ? sliceIndices(size, start, end, step).length : size!
      }
      return [output]
    },
  },
  Pad: {
    shape(node, context) {
      const input = context.shape(node.inputs[0])
      const pads = input && padAmounts(node, context, input.length)
      if (!input || !pads) return [undefined]
      return [input.map((dim, i) => (typeof dim === 'number' ? dim + pads.begin[i]! + pads.end[i]! : dim))]
    },
  },
  Flatten: {
    shape(node, context) {
      const input = context.shape(node.inputs[0])
      if (!input) return [undefined]
      const axis = normalizeAxis(intAttribute(node, 'axis', 1), input.length)
      const head = input.slice(0, axis)
      const first: Dim = head.length === 1 ? head[0]! : volume(head)
      return [[first, volume(input, axis)]]
    },
  },
  Reshape: {
    shape(node, context) {
      const input = context.shape(node.inputs[0])
      const target = context.constant(node, 1) ?? (node.attributes['shape'] as number[] | undefined)
      if (!input || !target) return [undefined]
      // The batch symbol divides out: it stays where a 0 or a −1 (or the exporter's 1) stands for it.
      const output: Dim[] = target.map((dim, i) => (dim === 0 ? input[i]! : dim))
      const hole = output.indexOf(-1)
      if (hole >= 0) {
        const rest = volume(output.filter((_, i) => i !== hole))
        const symbol = input.find((dim) => typeof dim === 'string')
        const free = symbol !== undefined && !output.includes(symbol) && volume(input) === rest
        output[hole] = free ? symbol : volume(input) / rest
      }
      return [output]
    },
  },
  Transpose: {
    shape(node, context) {
      const input = context.shape(node.inputs[0])
      const perm = intsAttribute(node, 'perm', input ? input.map((_, i) => input.length - 1 - i) : [])
      return [input ? perm.map((axis) => input[axis]!) : undefined]
    },
  },
  Squeeze: {
    shape(node, context) {
      const input = context.shape(node.inputs[0])
      if (!input) return [undefined]
      const axes = axesOf(node, context, 1)?.map((axis) => normalizeAxis(axis, input.length))
      return [input.filter((dim, i) => (axes ? !axes.includes(i) : dim !== 1))]
    },
  },
  Unsqueeze: {
    shape(node, context) {
      const input = context.shape(node.inputs[0])
      const given = axesOf(node, context, 1)
      if (!input || !given) return [undefined]
      const rank = input.length + given.length
      const axes = given.map((axis) => normalizeAxis(axis, rank))
      const rest = [...input]
      return [Array.from({ length: rank }, (_, i): Dim => (axes.includes(i) ? 1 : rest.shift()!))]
    },
  },
  Split: {
    shape(node, context) {
      const input = context.shape(node.inputs[0])
      if (!input) return node.outputs.map(() => undefined)
      const axis = normalizeAxis(intAttribute(node, 'axis', 0), input.length)
      const size = input[axis]
      const given = node.attributes['split'] ? intsAttribute(node, 'split', []) : context.constant(node, 1)
      const part = Math.ceil(Number(size) / node.outputs.length)
      return node.outputs.map((_, i) => {
        const own = given?.[i] ?? Math.min(part, Number(size) - i * part)
        return input.map((dim, d): Dim => (d !== axis ? dim : Number.isNaN(own) ? `${node.name}_${i}` : own))
      })
    },
  },
  Gather: {
    shape(node, context) {
      const input = context.shape(node.inputs[0])
      const indices = context.shape(node.inputs[1])
      if (!input || !indices) return [undefined]
      const axis = normalizeAxis(intAttribute(node, 'axis', 0), input.length)
      return [[...input.slice(0, axis), ...indices, ...input.slice(axis + 1)]]
    },
  },
  DepthToSpace: {
    shape(node, context) {
      const input = context.shape(node.inputs[0])
      const block = intAttribute(node, 'blocksize', 1)
      if (!input) return [undefined]
      const scaled = (dim: Dim, by: number): Dim => (typeof dim === 'number' ? dim * by : dim)
      return [[input[0]!, scaled(input[1]!, 1 / block ** 2), scaled(input[2]!, block), scaled(input[3]!, block)]]
    },
  },
  Shape: {
    shape(node, context) {
      const input = context.shape(node.inputs[0])
      return [
        input
          ? [input.slice(intAttribute(node, 'start', 0), intAttribute(node, 'end', input.length)).length]
          : undefined,
      ]
    },
  },
}
