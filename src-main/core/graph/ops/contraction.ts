import { intAttribute, type NetworkNode, type Shape } from '../network'
import { broadcast } from './elementwise'
import { axesOf } from './layout'
import { normalizeAxis, volume, type OpRow, type ShapeContext } from './row'

function reduced(node: NetworkNode, context: ShapeContext): (Shape | undefined)[] {
  const input = context.shape(node.inputs[0])
  if (!input) return [undefined]
  const axes = (axesOf(node, context, 1) ?? input.map((_, i) => i)).map((axis) => normalizeAxis(axis, input.length))
  if (intAttribute(node, 'keepdims', 1)) return [input.map((dim, i) => (axes.includes(i) ? 1 : dim))]
  return [input.filter((_, i) => !axes.includes(i))]
}

export const contractionOps: Record<string, OpRow> = {
  Gemm: {
    shape(node, context) {
      const a = context.shape(node.inputs[0])
      const b = context.shape(node.inputs[1])
      if (!a || !b) return [undefined]
      return [[a[intAttribute(node, 'transA', 0) ? 1 : 0]!, b[intAttribute(node, 'transB', 0) ? 0 : 1]!]]
    },
    macs: (_node, [, weight]) => volume(weight),
  },
  MatMul: {
    shape(node, context) {
      const a = context.shape(node.inputs[0])
      const b = context.shape(node.inputs[1])
      if (!a || !b || a.length < 2 || b.length < 2) return [undefined]
      const batch = broadcast(a.slice(0, -2), b.slice(0, -2))
      return [[...batch, a[a.length - 2]!, b[b.length - 1]!]]
    },
    macs: (_node, [a], [output]) => volume(output) * Number(a?.[a.length - 1] ?? 0),
  },
  ReduceMean: { shape: reduced },
  ReduceSum: { shape: reduced },
  ReduceMax: { shape: reduced },
  ReduceMin: { shape: reduced },
  ReduceL2: { shape: reduced },
}
