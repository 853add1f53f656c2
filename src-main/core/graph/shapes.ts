import { constantInput, type Network, type NetworkNode, type Shape } from './network'
import { opRow } from './ops'
import type { ShapeContext } from './ops/row'

/** Shape per tensor name (activations and initializers); absent where it cannot be told. */
export type Shapes = ReadonlyMap<string, Shape>

/**
 * Infers every tensor's shape, symbolic in the batch: dimensions are numbers or symbols from the inputs.
 * Tensors behind an opaque node have no shape.
 */
export function inferShapes(network: Network): Shapes {
  const shapes = new Map<string, Shape>()
  for (const input of network.inputs) if (input.shape) shapes.set(input.name, input.shape)
  for (const [name, tensor] of network.initializers) shapes.set(name, tensor.shape)
  const context = shapeContext(network, shapes)
  for (const node of network.nodes) {
    const inferred = opRow(node)?.shape(node, context) ?? []
    inferred.forEach((shape, i) => {
      const name = node.outputs[i]
      if (name && shape) shapes.set(name, shape)
    })
  }
  return shapes
}

/** A row's view of a network whose shapes are (partly) known. */
export const shapeContext = (network: Network, shapes: Shapes): ShapeContext => ({
  network,
  shape: (name) => (name ? shapes.get(name) : undefined),
  constant: (node: NetworkNode, input: number) => constantInput(network, node, input),
})
