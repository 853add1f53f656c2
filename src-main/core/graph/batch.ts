import { constantInput, type Network, type NetworkNode, type Shape, type Tensor, type ValueInfo } from './network'
import { inferShapes } from './shapes'

/** The batch a network was exported for; undefined when it takes any. */
export function fixedBatch(network: Network): number | undefined {
  const batch = network.inputs[0]?.shape?.[0]
  return typeof batch === 'number' ? batch : undefined
}

/**
 * The network with an open batch in place of the one it was exported for: batch statistics need many images at a time,
 * and so does speed. Where the batch is written into the middle of the network in a way that cannot be undone, the
 * network comes back as it is.
 */
export function withOpenBatch(network: Network): Network {
  const batch = fixedBatch(network)
  if (batch === undefined || network.inputs.length !== 1) return network
  const before = inferShapes(network)
  const initializers = new Map(network.initializers)
  const nodes = network.nodes.map((node) => openReshape(network, node, batch, initializers))
  const open = (info: ValueInfo): ValueInfo =>
    info.shape?.[0] === batch ? { ...info, shape: ['batch', ...info.shape.slice(1)] } : info
  const opened = {
    ...network,
    nodes,
    initializers,
    inputs: network.inputs.map(open),
    outputs: network.outputs.map(open),
  }
  const after = inferShapes(opened)
  const follows = (shape: Shape | undefined, was: Shape | undefined) =>
    was === undefined ||
    (shape?.length === was.length && shape.every((dim, i) => dim === was[i] || (i === 0 && dim === 'batch')))
  const made = network.nodes.flatMap(({ outputs }) => outputs.filter(Boolean))
  const same = made.every((tensor) => follows(after.get(tensor), before.get(tensor)))
  return same && network.outputs.every(({ name }) => after.get(name)?.[0] === 'batch') ? opened : network
}

/** A Reshape to [batch, …] copies its input's batch instead (0). */
function openReshape(
  network: Network,
  node: NetworkNode,
  batch: number,
  initializers: Map<string, Tensor>,
): NetworkNode {
  if (node.op !== 'Reshape' || node.domain !== '' || node.attributes['allowzero']) return node
  const target = constantInput(network, node, 1)
  if (target?.[0] !== batch) return node
  const name = `${node.name}/open_batch`
  initializers.set(name, { type: 'int64', shape: [target.length], data: Float64Array.from([0, ...target.slice(1)]) })
  return { ...node, inputs: [node.inputs[0]!, name] }
}
