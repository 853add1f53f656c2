import { constantWhenEmpty, type ResidualBranch } from '../coupling/branches'
import type { Network } from '../graph/network'

/**
 * The network with a residual branch's output replaced by the constant it has when its inner channels are zero
 * (b = β − γμ/σ of its last BN), or by zero. The addition stays as one per-channel Add; with zero it goes too.
 */
export function replaceBranch(network: Network, branch: ResidualBranch, constant: boolean): Network {
  const values = constant ? constantWhenEmpty(network, branch.output)! : undefined
  const add = network.nodes.find((node) => node.name === branch.add)!
  const shortcut = add.inputs.find((input) => input !== branch.output)!
  if (!values) {
    const nodes = network.nodes
      .filter((node) => node !== add)
      .map((node) => ({ ...node, inputs: node.inputs.map((input) => (input === add.outputs[0] ? shortcut : input)) }))
    return { ...network, nodes }
  }
  const name = `${branch.output}/constant`
  const initializers = new Map(network.initializers)
  initializers.set(name, { type: 'float32', shape: [1, values.length, 1, 1], data: values })
  const nodes = network.nodes.map((node) => (node === add ? { ...node, inputs: [shortcut, name] } : node))
  return { ...network, nodes, initializers }
}
