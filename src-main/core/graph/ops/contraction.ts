import { intAttribute, type Dim, type NetworkNode, type Shape } from '../network'
import { broadcastInputs } from './elementwise'
import { axesOf } from './layout'
import { axisOf, contradiction, shown, volume, type OpRow, type ShapeContext } from './row'

function reduced(node: NetworkNode, context: ShapeContext): (Shape | undefined)[] {
  const input = context.shape(node.inputs[0])
  if (!input) return [undefined]
  const given = axesOf(node, context, 1)
  if (!given && node.inputs[1]) return [undefined]
  if (!given?.length && intAttribute(node, 'noop_with_empty_axes', 0)) return [input]
  const axes = (given?.length ? given : input.map((_, i) => i)).map((axis) => axisOf(node, axis, input.length))
  if (intAttribute(node, 'keepdims', 1)) return [input.map((dim, i) => (axes.includes(i) ? 1 : dim))]
  return [input.filter((_, i) => !axes.includes(i))]
}

/** One axis (attribute `axis`, 0 by default) reduced to its largest or smallest entry's index. */
function argReduced(node: NetworkNode, context: ShapeContext): (Shape | undefined)[] {
  const input = context.shape(node.inputs[0])
  if (!input) return [undefined]
  const axis = axisOf(node, intAttribute(node, 'axis', 0), input.length)
  if (intAttribute(node, 'keepdims', 1)) return [input.map((dim, i) => (i === axis ? 1 : dim))]
  return [input.filter((_, i) => i !== axis)]
}

function mustMatch(node: NetworkNode, a: Shape, b: Shape, inner: Dim, outer: Dim): void {
  if (typeof inner === 'number' && typeof outer === 'number' && inner !== outer)
    throw contradiction(
      node,
      `it multiplies ${shown(a)} by ${shown(b)}, whose inner sizes ${inner} and ${outer} differ`,
    )
}

function gemm(node: NetworkNode, context: ShapeContext): (Shape | undefined)[] {
  const a = context.shape(node.inputs[0])
  const b = context.shape(node.inputs[1])
  if (!a || !b) return [undefined]
  if (a.length !== 2 || b.length !== 2)
    throw contradiction(node, `it multiplies ${shown(a)} by ${shown(b)}, not matrices`)
  const [rows, inner] = intAttribute(node, 'transA', 0) ? [a[1]!, a[0]!] : [a[0]!, a[1]!]
  const [outer, columns] = intAttribute(node, 'transB', 0) ? [b[1]!, b[0]!] : [b[0]!, b[1]!]
  mustMatch(node, a, b, inner, outer)
  const bias = context.shape(node.inputs[2])
  if (bias) broadcastInputs(node, [rows, columns], bias)
  return [[rows, columns]]
}

function matMul(node: NetworkNode, context: ShapeContext): (Shape | undefined)[] {
  const a = context.shape(node.inputs[0])
  const b = context.shape(node.inputs[1])
  if (!a || !b) return [undefined]
  if (a.length < 1 || b.length < 1) throw contradiction(node, `it multiplies ${shown(a)} by ${shown(b)}`)
  mustMatch(node, a, b, a[a.length - 1]!, b[Math.max(0, b.length - 2)]!)
  const batch = broadcastInputs(node, a.slice(0, -2), b.slice(0, -2))
  // A vector is a row on the left, a column on the right; the axis added for it goes again.
  return [[...batch, ...(a.length > 1 ? [a[a.length - 2]!] : []), ...(b.length > 1 ? [b[b.length - 1]!] : [])]]
}

const reductions = ['Mean', 'Sum', 'Max', 'Min', 'L1', 'L2', 'Prod', 'SumSquare', 'LogSum', 'LogSumExp']

export const contractionOps: Readonly<Record<string, OpRow>> = {
  Gemm: {
    shape: gemm,
    // For one input: a row of the result.
    macs: (_node, [, weight]) => volume(weight),
  },
  MatMul: {
    shape: matMul,
    macs: (_node, [a, b], [output]) => {
      const inner = [a?.[a.length - 1], b?.[Math.max(0, b.length - 2)]].find((dim) => typeof dim === 'number')
      return volume(output) * Number(inner ?? 0)
    },
  },
  ...Object.fromEntries(reductions.map((name) => [`Reduce${name}`, { shape: reduced }])),
  ArgMax: { shape: argReduced },
  ArgMin: { shape: argReduced },
}
