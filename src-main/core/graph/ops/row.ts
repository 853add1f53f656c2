import { fail, type LupineError } from '../../failure'
import type { Dim, Network, NetworkNode, Shape } from '../network'

/** What a row may ask about the node's surroundings. */
export interface ShapeContext {
  readonly network: Network
  /** Shape of a tensor inferred so far, or of an initializer. */
  shape(name: string | undefined): Shape | undefined
  /** Values of a constant input; undefined when it is not constant. */
  constant(node: NetworkNode, input: number): number[] | undefined
  /** Elements of an integer input as far as they are known before anything runs: numbers, symbols, undefined. */
  items(node: NetworkNode, input: number): readonly (Dim | undefined)[] | undefined
}

export interface OpRow {
  /** Output shapes; undefined where they cannot be told (a data-dependent shape). */
  shape(node: NetworkNode, context: ShapeContext): (Shape | undefined)[]
  /** Multiply-accumulates for one input, from the node's input and output shapes. Absent: none are counted. */
  macs?(node: NetworkNode, inputs: (Shape | undefined)[], outputs: (Shape | undefined)[]): number
}

/** A node whose inputs cannot go together. */
export const contradiction = (node: NetworkNode, what: string): LupineError =>
  fail(
    'input',
    'onnx-shape',
    `Node "${node.name}" (${node.op}): ${what}.`,
    'The model contradicts itself; export it again, or check it with onnx.checker.',
  )

export const shown = (shape: Shape): string => `[${shape.join(', ')}]`

/** Output shape = first input's shape. */
export const sameShape: OpRow['shape'] = (node, context) => [context.shape(node.inputs[0])]

/** Numbers of a shape from axis `from` on, multiplied; symbols count as 1 (one input of the batch). */
export const volume = (shape: Shape | undefined, from = 0): number =>
  (shape ?? []).slice(from).reduce<number>((product, dim) => product * (typeof dim === 'number' ? dim : 1), 1)

/** A negative axis counts from the end. */
export const normalizeAxis = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis)

/** The axis, counted from the front. @throws LupineError 'onnx-shape' when the tensor has no such axis */
export function axisOf(node: NetworkNode, axis: number, rank: number): number {
  const at = normalizeAxis(axis, rank)
  if (!Number.isInteger(at) || at < 0 || at >= rank)
    throw contradiction(node, `it works on axis ${axis} of a tensor with ${rank} axes`)
  return at
}

/** A symbol for a dimension that only the run can tell. */
export const unknownDim = (node: NetworkNode, axis: number): string => `${node.name}_${axis}`
