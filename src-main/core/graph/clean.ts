import { foldAffine } from './affine'
import { toCanonicalOpset } from './canonical'
import { foldForward } from './forward'
import { sinkTransposes } from './layout'
import type { Network, NetworkNode } from './network'

/**
 * Folds what exporters leave behind: constants, Identity and Dropout, arithmetic on shapes, casts and reshapes that
 * change nothing, transposes that meet their inverse, constants behind a layer, nodes nothing reads; and gives the network
 * the canonical opset. The function computed is the same.
 * Tensor names that survive keep their names, so that a plan still speaks of the original file's tensors.
 *
 * @throws LupineError 'onnx-shape' naming a node whose inputs cannot go together
 */
export function cleanNetwork(network: Network): Network {
  const canonical = toCanonicalOpset(withoutDeadParts(foldForward(network)))
  const folded = withoutDeadParts(foldForward(canonical))
  const straight = withoutDeadParts(foldAffine(sinkTransposes(folded)))
  return straight.nodes.length < folded.nodes.length ? withoutDeadParts(foldForward(straight)) : folded
}

/** Drops nodes whose outputs nothing reads and initializers nothing uses. */
export function withoutDeadParts(network: Network): Network {
  const needed = new Set(network.outputs.map((output) => output.name))
  const nodes: NetworkNode[] = []
  for (const node of [...network.nodes].reverse()) {
    if (!node.outputs.some((output) => needed.has(output))) continue
    nodes.push(node)
    for (const input of [...node.inputs, ...(node.captured ?? [])]) needed.add(input)
  }
  const initializers = new Map([...network.initializers].filter(([name]) => needed.has(name)))
  return { ...network, nodes: nodes.reverse(), initializers }
}
