import { producers, type Network } from './network'

/**
 * The network with its outputs taken before a final Softmax or Sigmoid: differences are compared there, where they are
 * not squashed.
 */
export function beforeFinalActivation(network: Network): Network {
  const makers = producers(network)
  const outputs = network.outputs.map((output) => {
    const node = makers.get(output.name)
    const squashes = node && ['Softmax', 'LogSoftmax', 'Sigmoid'].includes(node.op) && node.inputs.length === 1
    return squashes ? { ...output, name: node.inputs[0]! } : output
  })
  return { ...network, outputs }
}
