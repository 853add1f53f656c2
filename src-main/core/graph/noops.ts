import { intAttribute, type DataType, type Dim, type NetworkNode, type Shape } from './network'
import { padAmounts, sliceParameters } from './ops/layout'
import type { ShapeContext } from './ops/row'
import { sameDims } from './tensors'
import { elementTypes } from './types'

/** Ops that never change anything at inference. */
const passThrough = new Set(['Identity', 'Dropout'])

/** Ops that change nothing when the shape stays. */
const byShape = new Set(['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Expand', 'Tile'])

/** Does the node's output equal its first input, in every run? */
export function isNoOp(
  node: NetworkNode,
  context: ShapeContext,
  typeOf: (name: string | undefined) => DataType | undefined,
): boolean {
  if (node.domain !== '') return false
  // A mask of Dropout that is read, or an index of MaxPool, is more than the input.
  if (passThrough.has(node.op)) return true
  const type = typeOf(node.inputs[0])
  if (node.op === 'Cast') return type !== undefined && elementTypes[intAttribute(node, 'to', 0)] === type
  if (node.op === 'CastLike') return type !== undefined && typeOf(node.inputs[1]) === type
  if (node.op === 'Concat' || node.op === 'Sum' || node.op === 'Max' || node.op === 'Min')
    return node.inputs.length === 1
  const shape = context.shape(node.inputs[0])
  if (!shape) return false
  if (byShape.has(node.op)) return isSame(shape, context.shape(node.outputs[0]))
  if (node.op === 'Transpose') return isTrivialPermutation(node, shape)
  if (node.op === 'Slice') return slicesNothing(node, context, shape)
  if (node.op === 'Pad') {
    const pads = padAmounts(node, context, shape.length)
    return pads !== undefined && [...pads.begin, ...pads.end].every((amount) => amount === 0)
  }
  return false
}

/** A symbol is itself, so equal names are equal sizes. */
const isSame = (a: Shape, b: readonly Dim[] | undefined): boolean => b !== undefined && sameDims(a, b)

function isTrivialPermutation(node: NetworkNode, shape: Shape): boolean {
  const perm = node.attributes['perm']
  return Array.isArray(perm) && perm.length === shape.length && perm.every((axis, i) => axis === i)
}

function slicesNothing(node: NetworkNode, context: ShapeContext, shape: Shape): boolean {
  const parameters = sliceParameters(node, context, shape.length)
  return (
    parameters?.every(({ axis, start, end, step }) => {
      const size = shape[axis]!
      return start === 0 && step === 1 && (end >= 2 ** 31 - 1 || (typeof size === 'number' && end >= size))
    }) ?? false
  )
}
