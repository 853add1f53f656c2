import { fail } from '../../core/failure'
import { cleanNetwork } from '../../core/graph/clean'
import { elementCount, isTensor, type Network, type Tensor } from '../../core/graph/network'

/** The symbol of an open batch. */
export const BATCH = 'batch'

/**
 * Canonical form at a shape: the given one, or the network's own with a symbolic batch, whatever batch it was exported
 * with. What depends on shapes alone is folded; weights made by ConstantOfShape (weightless models) become constants.
 */
export function prepare(network: Network, inputShape?: readonly number[]): Network {
  const [input] = network.inputs
  if (network.inputs.length !== 1 || !input.shape?.length)
    throw fail(
      'input',
      'engine-inputs',
      `The engine runs networks with one input of known shape; ${network.name || 'this one'} has ${network.inputs.length}.`,
      'Export the model with one input and a fixed image size.',
    )
  const shape = inputShape ?? [BATCH, ...input.shape.slice(1)]
  return cleanNetwork(withConstants(cleanNetwork({ ...network, inputs: [{ ...input, shape }] })))
}

/** ConstantOfShape of a known shape as an initializer. */
function withConstants(network: Network): Network {
  const initializers = new Map<string, Tensor>(network.initializers)
  const nodes = network.nodes.filter(({ op, domain, inputs, outputs, attributes }) => {
    const dims = op === 'ConstantOfShape' && domain === '' ? initializers.get(inputs[0]) : undefined
    if (!dims || network.outputs.some(({ name }) => name === outputs[0])) return true
    const value = attributes['value']
    const fill = isTensor(value) ? Number(value.data[0]) : 0
    const shape = Array.from(dims.data, Number)
    const data = new Float32Array(elementCount(shape)).fill(fill)
    initializers.set(outputs[0], { type: 'float32', shape, data })
    return false
  })
  return nodes.length === network.nodes.length ? network : { ...network, nodes, initializers }
}
