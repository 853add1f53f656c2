import { elementCount, isTensor, type Network, type NetworkNode, type Tensor } from '../../src-main/core/graph/network'
import { createRandom } from '../../src-main/core/statistics/random'

/**
 * The network with random weights where the file has constant ones (ConstantOfShape): He-normal weights, and biases and
 * BN statistics that are not 0 and 1. A network of constants gives one constant output whatever is cut.
 */
export function enliven(network: Network, seed: number): Network {
  const random = createRandom(seed)
  const initializers = new Map(network.initializers)
  const constants = new Map<string, Tensor>()
  for (const node of network.nodes)
    if (node.op === 'Constant' && isTensor(node.attributes['value']))
      constants.set(node.outputs[0]!, node.attributes['value'])
  const nodes = network.nodes.filter((node) => {
    if (node.op !== 'ConstantOfShape') return true
    const shape = initializers.get(node.inputs[0]!) ?? constants.get(node.inputs[0]!)
    if (!shape) return true
    const name = node.outputs[0]!
    const reader = network.nodes.find((other) => other.inputs.includes(name))
    if (reader)
      initializers.set(name, draw(reader, reader.inputs.indexOf(name), Array.from(shape.data, Number), random))
    return false
  })
  return { ...network, nodes, initializers }
}

function draw(
  reader: NetworkNode,
  input: number,
  shape: readonly number[],
  random: ReturnType<typeof createRandom>,
): Tensor {
  const fill = (value: () => number): Tensor => ({
    type: 'float32',
    shape,
    data: Float32Array.from({ length: elementCount(shape) }, value),
  })
  if (reader.op === 'BatchNormalization' && (input === 1 || input === 4)) return fill(() => 0.5 + random.next())
  if (shape.length < 2) return fill(() => 0.3 * random.normal())
  const deviation = Math.sqrt(2 / elementCount(shape.slice(1)))
  return fill(() => deviation * random.normal())
}
