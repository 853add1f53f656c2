import type { Network, NetworkNode, Shape } from '../network'

/** What a row may ask about the node's surroundings. */
export interface ShapeContext {
  readonly network: Network
  /** Shape of a tensor inferred so far, or of an initializer. */
  shape(name: string | undefined): Shape | undefined
  /** Values of a constant input; undefined when it is not constant. */
  constant(node: NetworkNode, input: number): number[] | undefined
}

export interface OpRow {
  /** Output shapes; undefined where they cannot be told (a data-dependent shape). */
  shape(node: NetworkNode, context: ShapeContext): (Shape | undefined)[]
  /** Multiply-accumulates for one input, from the node's input and output shapes. Absent: none are counted. */
  macs?(node: NetworkNode, inputs: (Shape | undefined)[], outputs: (Shape | undefined)[]): number
}

/** Output shape = first input's shape. */
export const sameShape: OpRow['shape'] = (node, context) => [context.shape(node.inputs[0])]

/** Numbers of a shape from axis `from` on, multiplied; symbols count as 1 (one input of the batch). */
export const volume = (shape: Shape | undefined, from = 0): number =>
  (shape ?? []).slice(from).reduce<number>((product, dim) => product * (typeof dim === 'number' ? dim : 1), 1)

/** A negative axis counts from the end. */
export const normalizeAxis = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis)
