import { constantInput, type Network, type NetworkNode, type Shape } from './network'
import { opRow } from './ops'
import { contradiction, shown, type ShapeContext } from './ops/row'
import { type Propagated, resolveSizes, type Sizes } from './sizes'
import { evaluatePartial, partialValue, shapeValue, type PartialValue } from './values'

/** Shape per tensor name (activations and initializers); absent where it cannot be told. */
export type Shapes = ReadonlyMap<string, Shape>

/**
 * Infers every tensor's shape: symbolic in the batch, concrete in everything else. A symbol elsewhere in an input's
 * shape (a free height, say) stands for the size in `sizes`, or for the one `sizes.ts` chooses; the network itself keeps
 * the symbol. Tensors behind an opaque node have no shape.
 *
 * @throws LupineError 'onnx-shape' naming the first node whose inputs cannot go together
 */
export function inferShapes(network: Network, sizes?: Sizes): Shapes {
  const concrete = resolveSizes(network, sizes, (candidate) => propagate(network, candidate))
  return concrete.shapes
}

/** Shapes from the given ones of the inputs on, and the values of small integer tensors computed from them. */
export function propagate(network: Network, inputs: ReadonlyMap<string, Shape>): Propagated {
  const known = startPropagation(network, inputs)
  for (const node of network.nodes) step(node, known)
  return known
}

export interface Propagation extends Propagated {
  readonly context: ShapeContext
}

/** Nothing but inputs and initializers known. */
export function startPropagation(network: Network, inputs: ReadonlyMap<string, Shape>): Propagation {
  const shapes = new Map<string, Shape>(inputs)
  for (const [name, tensor] of network.initializers) shapes.set(name, tensor.shape)
  const values = new Map<string, PartialValue>()
  return { shapes, values, context: shapeContext(network, shapes, values) }
}

/** Adds what can be told of a node's outputs. @throws LupineError 'onnx-shape' */
export function step(node: NetworkNode, known: Propagation): void {
  const inferred = inferNode(node, known.context)
  inferred.forEach((shape, i) => {
    const name = node.outputs[i]
    if (name && shape) known.shapes.set(name, shape)
  })
  const value = valueOf(node, known)
  if (!value || !node.outputs[0]) return
  known.values.set(node.outputs[0], value)
  known.shapes.set(node.outputs[0], value.shape)
}

/** Output shapes by the op's row, checked. */
function inferNode(node: NetworkNode, context: ShapeContext): (Shape | undefined)[] {
  const row = opRow(node)
  if (!row) return []
  const shapes = row.shape(node, context)
  for (const shape of shapes)
    if (shape && !shape.every(isDim))
      throw contradiction(
        node,
        `inputs of shape ${node.inputs.map((name) => shown(context.shape(name) ?? ['?'])).join(', ')} give it the shape ${shown(shape)}`,
      )
  return shapes
}

const isDim = (dim: unknown): boolean =>
  typeof dim === 'string' || (typeof dim === 'number' && Number.isSafeInteger(dim) && dim >= 0)

function valueOf(node: NetworkNode, { shapes, values, context }: Propagation): PartialValue | undefined {
  if (node.op === 'Shape' && node.domain === '') {
    const shape = shapes.get(node.inputs[0] ?? '')
    return shape && shapeValue(node, shape)
  }
  if (node.inputs.length === 0) return undefined
  const inputs: (PartialValue | undefined)[] = []
  for (const input of node.inputs) {
    const value = input ? (values.get(input) ?? initializerValue(context.network, input)) : undefined
    if (input && !value) return undefined
    inputs.push(value)
  }
  return evaluatePartial(node, inputs)
}

function initializerValue(network: Network, name: string): PartialValue | undefined {
  const tensor = network.initializers.get(name)
  return tensor && partialValue(tensor)
}

/** A row's view of a network whose shapes (and small values) are partly known. */
export function shapeContext(
  network: Network,
  shapes: Shapes,
  values: ReadonlyMap<string, PartialValue> = new Map(),
): ShapeContext {
  const items = (node: NetworkNode, input: number) => {
    const name = node.inputs[input]
    return name ? (constantInput(network, node, input) ?? values.get(name)?.items) : undefined
  }
  return {
    network,
    shape: (name) => (name ? shapes.get(name) : undefined),
    items,
    constant(node, input) {
      const known = items(node, input)
      return known?.every((item) => typeof item === 'number') ? [...known] : undefined
    },
  }
}
