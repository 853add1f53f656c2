import { toCanonicalOpset } from './canonical'
import { foldForward } from './forward'
import type { Network, NetworkNode } from './network'

/**
 * Folds what exporters leave behind: constants, Identity and Dropout, arithmetic on shapes, casts and reshapes that
 * change nothing, nodes nothing reads; and raises the opset to the canonical one. The function computed is the same.
 * Tensor names that survive keep their names, so that a plan still speaks of the original file's tensors.
 *
 * @throws LupineError 'onnx-shape' naming a node whose inputs cannot go together
 */
export function cleanNetwork(network: Network): Network {
  return withoutDeadParts(foldForward(toCanonicalOpset(withoutDeadParts(foldForward(network)))))
}

/** Drops nodes whose outputs nothing reads and initializers nothing uses. */
export function withoutDeadParts(network: Network): Network {
  const needed = new Set(network.outputs.map((output) => output.name))
  const nodes: NetworkNode[] = []
  for (const node of [...network.nodes].reverse()) {
    if (!node.outputs.some((output) => needed.has(output))) continue
    nodes.push(node)
    for (const input of node.inputs) needed.add(input)
  }
  const initializers = new Map([...network.initializers].filter(([name]) => needed.has(name)))
  return { ...network, nodes: nodes.reverse(), initializers }
}
