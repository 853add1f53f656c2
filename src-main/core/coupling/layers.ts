import { isSelection } from '../graph/selections'
import { intAttribute, type Network, type NetworkNode } from '../graph/network'

/** A layer's name as people know it: its weight's name without ".weight", else the node's. */
export function layerName(node: NetworkNode): string {
  const weight = node.inputs[1]
  return weight?.endsWith('.weight') ? weight.slice(0, -'.weight'.length) : node.name
}

/** One filter per channel: nothing is summed over channels. */
function isDepthwise(node: NetworkNode, network: Network): boolean {
  const group = intAttribute(node, 'group', 1)
  if (group === 1) return false
  const shape = network.initializers.get(node.inputs[1] ?? '')?.shape
  return node.op === 'Conv' ? shape?.[1] === 1 : shape?.[0] === group
}

/** Does the node sum over its first input's channels? */
export function contracts(node: NetworkNode, network: Network): boolean {
  if (node.domain !== '') return false
  if (node.op === 'Conv' || node.op === 'ConvTranspose') return !isDepthwise(node, network)
  return node.op === 'Gemm' || node.op === 'MatMul'
}

/** Does the node make channels of its own (a filter per output channel), or choose which there are? */
export const makesChannels = (node: NetworkNode, network: Network): boolean =>
  contracts(node, network) || isSelection(node)
