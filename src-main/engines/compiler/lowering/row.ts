import { constantInput, intsAttribute, type NetworkNode } from '../../../core/graph/network'
import type { Ref } from '../graph'
import type { Scope, Value } from '../scope'

/**
 * Writes one ONNX node into the graph, gradient included, and returns where its outputs lie: a reference for a single
 * output whose shape core infers, values where the row knows the shapes better.
 * @throws LupineError input 'engine-op-unsupported' for attributes the engine cannot honour
 */
export type Lowering = (node: NetworkNode, scope: Scope) => Ref | Value | readonly Value[]

/** A small list that older opsets keep in an attribute and newer ones in a constant input. */
export function listOf(
  node: NetworkNode,
  scope: Scope,
  attribute: string,
  input: number,
): readonly number[] | undefined {
  if (attribute in node.attributes) return intsAttribute(node, attribute, [])
  if (!node.inputs[input]) return undefined
  const values = constantInput(scope.options.network, node, input)
  if (!values) throw scope.unsupported(node, `computes its ${attribute}`)
  return values
}

/** A number that older opsets keep in an attribute and newer ones in a constant input. */
export function numberOf(node: NetworkNode, scope: Scope, attribute: string, input: number, fallback: number): number {
  const value = node.attributes[attribute]
  if (typeof value === 'number') return value
  return listOf(node, scope, attribute, input)?.[0] ?? fallback
}

/** A number that only ever was an attribute. */
export function floatAttribute(node: NetworkNode, name: string, fallback: number): number {
  const value = node.attributes[name]
  return typeof value === 'number' ? value : fallback
}

/** An axis counted from the front. */
export const fromFront = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis)

/** Shapes as text for messages. */
export const show = (shape: Value['shape']): string => `[${shape.join(', ')}]`
