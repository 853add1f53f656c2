import { intsAttribute, stringAttribute, type NetworkNode, type Shape, type Tensor } from './network'
import { resizeInputs } from './ops/resize'
import type { ShapeContext } from './ops/row'
import { tensorOf } from './tensors'
import type { Item } from './values'

/** An input of a node that may be replaced by a constant. */
export interface ConstantTarget {
  readonly node: NetworkNode
  /** Index among the node's inputs. */
  readonly input: number
  readonly tensor: Tensor
}

const int64 = (values: readonly number[]): Tensor => tensorOf('int64', [values.length], values)
/** "To the end" in Slice. */
const END = 2 ** 63

/**
 * A size computed at run time of which only the batch (or another free size) is open becomes a constant that says the
 * same: 0 or −1 in Reshape, 1 in Expand, scales in Resize, "to the end" in Slice. Undefined where that cannot be.
 */
export function constantTarget(node: NetworkNode, context: ShapeContext): ConstantTarget | undefined {
  if (node.domain !== '') return undefined
  const input = node.op === 'Resize' ? resizeInputs(node).sizes : 1
  const name = node.inputs[input]
  if (!name || context.network.initializers.has(name)) return undefined
  const shape = context.shape(node.inputs[0])
  const items = context.items(node, input)
  if (!shape || !items) return undefined
  if (node.op === 'Reshape') return reshapeTarget(node, shape, items)
  if (node.op === 'Expand') return expandTarget(node, shape, items)
  if (node.op === 'Resize') return resizeTarget(node, shape, items)
  return undefined
}

function reshapeTarget(node: NetworkNode, shape: Shape, items: readonly Item[]): ConstantTarget | undefined {
  const { allowzero, ...attributes } = node.attributes
  if (allowzero === 1 && items.includes(0)) return undefined
  const values = items.map((item, i) =>
    typeof item === 'number' ? item : item !== undefined && item === shape[i] ? 0 : -1,
  )
  if (values.filter((value) => value === -1).length > 1) return undefined
  return { node: { ...node, attributes }, input: 1, tensor: int64(values) }
}

function expandTarget(node: NetworkNode, shape: Shape, items: readonly Item[]): ConstantTarget | undefined {
  const values = items.map((item, i) =>
    typeof item === 'number' ? item : item !== undefined && item === shape[i - items.length + shape.length] ? 1 : NaN,
  )
  return values.some(Number.isNaN) ? undefined : { node, input: 1, tensor: int64(values) }
}

/** Only where a scale gives exactly the size: onnxruntime computes floor(size · scale) in float32. */
function resizeTarget(node: NetworkNode, shape: Shape, items: readonly Item[]): ConstantTarget | undefined {
  if (stringAttribute(node, 'keep_aspect_ratio_policy', 'stretch') !== 'stretch') return undefined
  const given = intsAttribute(node, 'axes', [])
  const axes = given.length > 0 ? given.map((axis) => (axis < 0 ? axis + shape.length : axis)) : shape.map((_, i) => i)
  const scales = items.map((item, i) => {
    const size = shape[axes[i]!]
    if (item !== undefined && item === size) return 1
    if (typeof item !== 'number' || typeof size !== 'number') return NaN
    const scale = Math.fround(item / size)
    return Math.floor(Math.fround(scale * size)) === item ? scale : NaN
  })
  if (scales.some(Number.isNaN)) return undefined
  const inputs = [node.inputs[0]!, node.inputs[1] ?? '', '']
  return { node: { ...node, inputs }, input: 2, tensor: tensorOf('float32', [scales.length], scales) }
}

/** A Slice whose ends are the sizes it slices takes everything to the end. */
export function openEnds(node: NetworkNode, context: ShapeContext): Tensor | undefined {
  if (node.op !== 'Slice' || node.domain !== '' || context.constant(node, 2)) return undefined
  const shape = context.shape(node.inputs[0])
  const ends = context.items(node, 2)
  const starts = context.constant(node, 1)
  if (!shape || !ends || !starts) return undefined
  const axes = node.inputs[3] ? context.constant(node, 3) : starts.map((_, i) => i)
  const steps = node.inputs[4] ? context.constant(node, 4) : starts.map(() => 1)
  const values = ends.map((end, i) => {
    const axis = axes?.[i] ?? NaN
    const size = shape[axis < 0 ? axis + shape.length : axis]
    if (typeof end === 'number') return end
    return end !== undefined && end === size && (steps?.[i] ?? 0) > 0 ? END : NaN
  })
  return values.some(Number.isNaN) ? undefined : int64(values)
}
