import { stringAttribute, type Dim, type NetworkNode, type Shape } from '../network'
import { broadcastInputs } from './elementwise'
import { axisOf, contradiction, shown, unknownDim, type OpRow, type ShapeContext } from './row'

/** Sizes per axis where they are given as scales; a fraction is rounded down (ONNX Resize). */
function scaled(node: NetworkNode, input: Shape, scales: readonly number[]): Dim[] {
  if (scales.length !== input.length) throw contradiction(node, `it has ${scales.length} scales for ${shown(input)}`)
  return input.map((dim, i) =>
    scales[i] === 1 ? dim : typeof dim === 'number' ? Math.floor(dim * scales[i]!) : unknownDim(node, i),
  )
}

/** Where opset 10 has (X, scales), later ones have (X, roi, scales, sizes). */
export const resizeInputs = (node: NetworkNode): { scales: number; sizes: number } =>
  node.inputs.length === 2 ? { scales: 1, sizes: 3 } : { scales: 2, sizes: 3 }

function resize(node: NetworkNode, context: ShapeContext): (Shape | undefined)[] {
  const input = context.shape(node.inputs[0])
  if (!input) return [undefined]
  const given = node.attributes['axes'] as readonly number[] | undefined
  const axes = given?.map((axis) => axisOf(node, axis, input.length)) ?? input.map((_, i) => i)
  const at = resizeInputs(node)
  const sizes = context.items(node, at.sizes)
  const scales = context.constant(node, at.scales)
  if (sizes && sizes.length > 0) {
    if (sizes.length !== axes.length) throw contradiction(node, `it has ${sizes.length} sizes for ${axes.length} axes`)
    // Another policy picks one scale for all axes.
    if (stringAttribute(node, 'keep_aspect_ratio_policy', 'stretch') !== 'stretch') return [undefined]
    const output: Dim[] = [...input]
    axes.forEach((axis, i) => (output[axis] = sizes[i] ?? unknownDim(node, axis)))
    return [output]
  }
  if (!scales || scales.length !== axes.length) return [undefined]
  const all = input.map(() => 1)
  axes.forEach((axis, i) => (all[axis] = scales[i]!))
  return [scaled(node, input, all)]
}

/** The target's known elements; 1, or the input's own size, keeps the input's. */
function expand(node: NetworkNode, context: ShapeContext): (Shape | undefined)[] {
  const input = context.shape(node.inputs[0])
  const target = context.items(node, 1)
  if (!input || !target) return [undefined]
  return [
    broadcastInputs(
      node,
      input,
      target.map((dim, i) => dim ?? unknownDim(node, i)),
    ),
  ]
}

export const resizeOps: Readonly<Record<string, OpRow>> = {
  Resize: { shape: resize },
  Upsample: {
    shape(node, context) {
      const input = context.shape(node.inputs[0])
      const scales = (node.attributes['scales'] as readonly number[] | undefined) ?? context.constant(node, 1)
      return [input && scales ? scaled(node, input, scales) : undefined]
    },
  },
  Expand: { shape: expand },
  Tile: {
    shape(node, context) {
      const input = context.shape(node.inputs[0])
      const repeats = context.constant(node, 1)
      if (!input || !repeats) return [undefined]
      if (repeats.length !== input.length)
        throw contradiction(node, `it repeats ${repeats.length} axes of ${shown(input)}`)
      return [
        input.map((dim, i) =>
          repeats[i] === 1 ? dim : typeof dim === 'number' ? dim * repeats[i]! : unknownDim(node, i),
        ),
      ]
    },
  },
}
