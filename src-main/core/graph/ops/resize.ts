import type { Dim, Shape } from '../network'
import { broadcast } from './elementwise'
import type { OpRow } from './row'

/** Sizes per axis where they are given as scales; a fraction is rounded down (ONNX Resize). */
const scaled = (input: Shape, scales: readonly number[]): Dim[] =>
  input.map((dim, i) => (typeof dim === 'number' ? Math.floor(dim * (scales[i] ?? 1)) : dim))

export const resizeOps: Record<string, OpRow> = {
  Resize: {
    shape(node, context) {
      const input = context.shape(node.inputs[0])
      if (!input) return [undefined]
      const axes = (node.attributes['axes'] as readonly number[] | undefined) ?? input.map((_, i) => i)
      // Opset 10 has (X, scales), later ones (X, roi, scales, sizes).
      const sizes = context.constant(node, 3)
      const scales = context.constant(node, node.inputs.length === 2 ? 1 : 2)
      const output: Dim[] = [...input]
      if (sizes && sizes.length > 0) axes.forEach((axis, i) => (output[axis] = sizes[i]!))
      else if (scales && scales.length > 0) {
        const all = input.map(() => 1)
        axes.forEach((axis, i) => (all[axis] = scales[i]!))
        return [scaled(input, all)]
      } else return [undefined]
      return [output]
    },
  },
  Upsample: {
    shape(node, context) {
      const input = context.shape(node.inputs[0])
      const scales = (node.attributes['scales'] as readonly number[] | undefined) ?? context.constant(node, 1)
      return [input && scales ? scaled(input, scales) : undefined]
    },
  },
  Expand: {
    shape(node, context) {
      const input = context.shape(node.inputs[0])
      const target = context.constant(node, 1)
      return [input && target ? broadcast(input, target) : undefined]
    },
  },
  Tile: {
    shape(node, context) {
      const input = context.shape(node.inputs[0])
      const repeats = context.constant(node, 1)
      return [input && repeats ? input.map((dim, i) => (typeof dim === 'number' ? dim * repeats[i]! : dim)) : undefined]
    },
  },
}
