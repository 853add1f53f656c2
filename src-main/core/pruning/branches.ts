import { constantWhenEmpty, type ResidualBranch } from '../coupling/branches'
import type { Network, NetworkNode } from '../graph/network'

/**
 * The network with a residual branch's output replaced by the constant it has when its inner channels are zero
 * (b = β − γμ/σ of its last BN), or by zero. The addition stays as one per-channel Add; with zero it goes too.
 *
 * @param rank of the branch's output: 3 for signals, 4 for images
 * @param kept channels of the branch's output that stay, where some of the stream's go
 */
export function replaceBranch(
  network: Network,
  branch: ResidualBranch,
  constant: boolean,
  rank: number,
  kept?: readonly number[],
): Network {
  const values = constant ? constantWhenEmpty(network, branch.output)! : undefined
  const add = network.nodes.find((node) => node.name === branch.add)!
  const shortcut = add.inputs.find((input) => input !== branch.output)!
  const replaced = (by: Partial<NetworkNode>) => network.nodes.map((node) => (node === add ? { ...node, ...by } : node))
  if (!values) {
    // An output of the network keeps its name.
    if (network.outputs.some((output) => output.name === add.outputs[0]))
      return { ...network, nodes: replaced({ op: 'Identity', inputs: [shortcut] }) }
    const nodes = network.nodes
      .filter((node) => node !== add)
      .map((node) => ({ ...node, inputs: node.inputs.map((input) => (input === add.outputs[0] ? shortcut : input)) }))
    return { ...network, nodes }
  }
  const data = kept ? Float32Array.from(kept, (c) => values[c]!) : values
  const name = `${branch.output}/constant`
  const initializers = new Map(network.initializers)
  initializers.set(name, { type: 'float32', shape: [1, data.length, ...new Array<number>(rank - 2).fill(1)], data })
  return { ...network, nodes: replaced({ inputs: [shortcut, name] }), initializers }
}
