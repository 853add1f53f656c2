import { intAttribute, intsAttribute, stringAttribute, type AttributeValue, type NetworkNode } from './network'
import { normalizeAxis } from './ops/row'
import { tensorOf } from './tensors'
import type { RewriteContext } from './rewrite-context'

/** Ops that came after opset 17. */
const newer = new Set(['GroupNormalization', 'Gelu', 'Mish'])

const isPlain = (values: readonly number[]): boolean => values.every((value) => value === 1)

/** Can opset 17 say what the node, of a later opset, does? */
export function canLower(node: NetworkNode, context: RewriteContext): boolean {
  if (node.domain !== '') return true
  if (newer.has(node.op)) return false
  if (node.op.startsWith('Reduce') && node.op !== 'ReduceSum' && node.inputs[1])
    return context.constant(node.inputs[1]) !== undefined
  if (node.op === 'AveragePool') return isPlain(intsAttribute(node, 'dilations', []))
  if (node.op === 'Pad')
    return (
      stringAttribute(node, 'mode', 'constant') !== 'wrap' && (!node.inputs[3] || padForm(node, context) !== undefined)
    )
  if (node.op === 'Split')
    return (
      node.attributes['num_outputs'] === undefined ||
      node.inputs[1] !== undefined ||
      splitForm(node, context) !== undefined
    )
  if (node.op === 'Resize')
    return (
      intAttribute(node, 'antialias', 0) === 0 &&
      stringAttribute(node, 'keep_aspect_ratio_policy', 'stretch') === 'stretch' &&
      stringAttribute(node, 'coordinate_transformation_mode', 'half_pixel') !== 'half_pixel_symmetric' &&
      (!node.attributes['axes'] || resizeForm(node, context) !== undefined)
    )
  if (node.op === 'LpPool')
    return intAttribute(node, 'ceil_mode', 0) === 0 && isPlain(intsAttribute(node, 'dilations', []))
  if (node.op.startsWith('Scatter')) return ['none', 'add', 'mul'].includes(stringAttribute(node, 'reduction', 'none'))
  return true
}

/** A node of an opset after 17, in the words of 17. */
export function lowered(node: NetworkNode, context: RewriteContext): NetworkNode[] {
  if (node.op.startsWith('Reduce') && node.op !== 'ReduceSum') return [reduceForm(node, context)]
  if (node.op === 'Pad' && node.inputs[3]) return [padForm(node, context)!]
  if (node.op === 'Split') return [splitForm(node, context) ?? { ...node, attributes: without(node, ['num_outputs']) }]
  if (node.op === 'Resize') return [resizeForm(node, context) ?? { ...node, attributes: without(node, laterResize) }]
  if (node.op === 'AveragePool') return [{ ...node, attributes: without(node, ['dilations']) }]
  if (node.op === 'LpPool') return [{ ...node, attributes: without(node, ['dilations', 'ceil_mode']) }]
  if (node.op === 'Cast' || node.op === 'CastLike') return [{ ...node, attributes: without(node, ['saturate']) }]
  return [node]
}

const laterResize = ['antialias', 'axes', 'keep_aspect_ratio_policy']

const without = (node: NetworkNode, names: readonly string[]): Record<string, AttributeValue> =>
  Object.fromEntries(Object.entries(node.attributes).filter(([name]) => !names.includes(name)))

/** Axes were an attribute until 18, which also knew "no axes: do nothing". */
function reduceForm(node: NetworkNode, context: RewriteContext): NetworkNode {
  const axes = context.constant(node.inputs[1]) ?? []
  const attributes = without(node, ['noop_with_empty_axes'])
  const inputs = node.inputs.slice(0, 1)
  if (axes.length > 0) return { ...node, inputs, attributes: { ...attributes, axes } }
  if (intAttribute(node, 'noop_with_empty_axes', 0)) return { ...node, op: 'Identity', inputs, attributes: {} }
  return { ...node, inputs, attributes }
}

/** Amounts for all axes instead of for those named. */
function padForm(node: NetworkNode, context: RewriteContext): NetworkNode | undefined {
  const rank = context.shape(node.inputs[0])?.length
  const pads = context.constant(node.inputs[1])
  const axes = context.constant(node.inputs[3])
  if (rank === undefined || !pads || !axes) return undefined
  const all = new Array<number>(2 * rank).fill(0)
  axes.forEach((axis, i) => {
    const at = normalizeAxis(axis, rank)
    all[at] = pads[i] ?? 0
    all[at + rank] = pads[i + axes.length] ?? 0
  })
  const inputs = [node.inputs[0]!, context.add(node, 'pads', tensorOf('int64', [all.length], all))]
  return { ...node, inputs: node.inputs[2] ? [...inputs, node.inputs[2]] : inputs }
}

/** `num_outputs` may leave a smaller last part; `split` says so in any opset. */
function splitForm(node: NetworkNode, context: RewriteContext): NetworkNode | undefined {
  const shape = context.shape(node.inputs[0])
  if (node.inputs[1] || !shape) return undefined
  const size = shape[normalizeAxis(intAttribute(node, 'axis', 0), shape.length)]
  if (typeof size !== 'number') return undefined
  const part = Math.ceil(size / node.outputs.length)
  const sizes = node.outputs.map((_, i) => Math.max(0, Math.min(part, size - i * part)))
  const split = context.add(node, 'split', tensorOf('int64', [sizes.length], sizes))
  return { ...node, inputs: [node.inputs[0]!, split], attributes: without(node, ['num_outputs']) }
}

/** Scales or sizes for all axes instead of for those named. */
function resizeForm(node: NetworkNode, context: RewriteContext): NetworkNode | undefined {
  const shape = context.shape(node.inputs[0])
  const named = intsAttribute(node, 'axes', [])
  if (!shape || named.length === 0) return undefined
  const axes = named.map((axis) => normalizeAxis(axis, shape.length))
  const scales = context.constant(node.inputs[2])
  const sizes = context.constant(node.inputs[3])
  const base = { ...node, attributes: without(node, laterResize) }
  if (sizes?.length) {
    if (!shape.every((dim, i) => typeof dim === 'number' || axes.includes(i))) return undefined
    const all = shape.map((dim, i) => (axes.includes(i) ? sizes[axes.indexOf(i)]! : Number(dim)))
    return {
      ...base,
      inputs: [node.inputs[0]!, '', '', context.add(node, 'sizes', tensorOf('int64', [all.length], all))],
    }
  }
  if (!scales?.length) return undefined
  const all = shape.map((_, i) => (axes.includes(i) ? scales[axes.indexOf(i)]! : 1))
  return { ...base, inputs: [node.inputs[0]!, '', context.add(node, 'scales', tensorOf('float32', [all.length], all))] }
}
