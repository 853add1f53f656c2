import { consumers, type Network, type NetworkNode, type Tensor } from './network'
import { inferShapes } from './shapes'

/** Ends the name of every channel selection, so that it is known again after pruning and training. */
const suffix = '/select'

/**
 * A Gather that hands a layer some of the channels that others read whole: what lets the BN at the beginning of a
 * pre-activation block, or behind a Concat, be pruned by itself (Liu et al., ICCV 2017, "channel selection").
 */
export const isSelection = ({ op, domain, name }: NetworkNode): boolean =>
  op === 'Gather' && domain === '' && name.endsWith(suffix)

/** Name of the selection before a BN, and of the group of what it selects. */
export const selectionBefore = (norm: string): string => `${norm}${suffix}`

/** Whether a group's name, or a tensor's, is a selection's own. */
export const isOfSelection = (name: string): boolean => name.endsWith(suffix) || name.endsWith(`${suffix}.indices`)

/** BN whose channels arrive from elsewhere than one layer of their own: a stream, a Concat, a layer others read too. */
export function selectableNorms(network: Network): string[] {
  const readers = consumers(network)
  const makers = new Map(network.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)))
  return network.nodes.flatMap(({ op, domain, name, inputs }) => {
    if (op !== 'BatchNormalization' || domain !== '') return []
    const [input] = inputs as [string]
    const maker = makers.get(input)
    const alone = readers.get(input)!.length === 1 && ['Conv', 'ConvTranspose'].includes(maker?.op ?? '')
    return alone || (maker && isSelection(maker)) ? [] : [name]
  })
}

/** The same network with a selection of all channels before each of these BN. Other tensors keep their names. */
export function withSelections(network: Network, norms: ReadonlySet<string>): Network {
  const initializers = new Map<string, Tensor>(network.initializers)
  const nodes = network.nodes.flatMap((node): NetworkNode[] => {
    if (!norms.has(node.name)) return [node]
    const name = selectionBefore(node.name)
    const count = network.initializers.get(node.inputs[1]!)!.data.length
    const indices: Tensor = { type: 'int64', shape: [count], data: Float64Array.from({ length: count }, (_, i) => i) }
    initializers.set(`${name}.indices`, indices)
    const select: NetworkNode = {
      ...{ name, op: 'Gather', domain: '', attributes: { axis: 1 } },
      ...{ inputs: [node.inputs[0]!, `${name}.indices`], outputs: [`${name}_out`] },
    }
    return [select, { ...node, inputs: [`${name}_out`, ...node.inputs.slice(1)] }]
  })
  return { ...network, nodes, initializers }
}

/** Without the selections that still take every channel; the same network where there are none. */
export function withoutIdleSelections(network: Network): Network {
  const selections = network.nodes.filter(isSelection)
  if (selections.length === 0) return network
  const shapes = inferShapes(network)
  const idle = new Map<string, string>()
  const initializers = new Map(network.initializers)
  for (const { inputs, outputs } of selections) {
    const [input, indices] = inputs as [string, string]
    // Ascending and distinct: as many as there are channels are all of them.
    if (network.initializers.get(indices)!.data.length !== shapes.get(input)?.[1]) continue
    idle.set(outputs[0]!, input)
    initializers.delete(indices)
  }
  const nodes = network.nodes
    .filter(({ outputs }) => !idle.has(outputs[0]!))
    .map((node) => ({ ...node, inputs: node.inputs.map((input) => idle.get(input) ?? input) }))
  return idle.size === 0 ? network : { ...network, nodes, initializers }
}
