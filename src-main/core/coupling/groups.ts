import { intAttribute, type Network, type NetworkNode } from '../graph/network'
import { inferShapes, shapeContext, type Shapes } from '../graph/shapes'
import { ChannelClasses } from './channels'
import { couplingRules, opaqueRule, type RuleContext } from './rules'

/** A tensor's share in a group: `units[c]` is the unit of its channel c, or −1 where c belongs to another group. */
export interface GroupMember {
  readonly tensor: string
  readonly units: Int32Array
}

/** Channels that can only be cut together, unit by unit. */
export interface CoupledGroup {
  /** The first layer that makes these channels ("layer1.0.conv1"). */
  readonly id: string
  /** Number of units. */
  readonly channels: number
  readonly prunable: boolean
  /** Why it cannot be pruned. */
  readonly why: string | undefined
  /** Runs through an addition of two activations: a residual stream, pruned only when asked for. */
  readonly stream: boolean
  readonly members: readonly GroupMember[]
  /** Layers whose filters make these channels. */
  readonly producers: readonly string[]
  /** Layers that sum over these channels. */
  readonly contractors: readonly string[]
}

export interface Coupling {
  readonly network: Network
  readonly shapes: Shapes
  readonly groups: readonly CoupledGroup[]
}

/** A layer's name as people know it: its weight's name without ".weight", else the node's. */
export function layerName(node: NetworkNode): string {
  const weight = node.inputs[1]
  return weight?.endsWith('.weight') ? weight.slice(0, -'.weight'.length) : node.name
}

/** Does the node sum over its first input's channels? */
export function contracts(node: NetworkNode): boolean {
  if (node.domain !== '') return false
  if (node.op === 'Conv') return intAttribute(node, 'group', 1) === 1
  return node.op === 'Gemm' || node.op === 'MatMul'
}

/** Does the node make channels of its own (a filter per output channel)? */
export const makesChannels = contracts

/**
 * Coupled groups of a network, in the order of their first layer. Every channel of the network's activations is in
 * exactly one group; those that may not be cut are in groups that say why.
 */
export function findGroups(network: Network, shapes: Shapes = inferShapes(network)): Coupling {
  const channels = new ChannelClasses(shapes)
  const context: RuleContext = {
    ...shapeContext(network, shapes),
    channels,
    activations: (node) => node.inputs.filter((input) => input && !network.initializers.has(input)),
  }
  for (const input of network.inputs) channels.block(input.name, `is the input \`${input.name}\``)
  for (const node of network.nodes) {
    const rule = node.domain === '' ? couplingRules[node.op] : undefined
    ;(rule ?? opaqueRule)(node, context)
  }
  for (const output of network.outputs) channels.block(output.name, `feeds output \`${output.name}\``)
  return { network, shapes, groups: bundle(network, channels) }
}

/** Classes that touch the same tensors make one group. */
function bundle(network: Network, channels: ChannelClasses): CoupledGroup[] {
  const tensorsOf = new Map<number, string[]>()
  for (const [tensor, { offset, count }] of channels.tensors()) {
    if (network.initializers.has(tensor)) continue
    for (let c = 0; c < count; c++) {
      const list = tensorsOf.get(channels.find(offset + c))
      if (!list) tensorsOf.set(channels.find(offset + c), [tensor])
      else if (list[list.length - 1] !== tensor) list.push(tensor)
    }
  }
  const roots = new Map<string, number[]>()
  for (const [root, tensors] of tensorsOf) {
    // A blocked class never shares a group with a free one, even over the same tensors.
    const key = `${tensors.join('\n')}\n${channels.reason(root) ?? ''}`
    const list = roots.get(key)
    if (list) list.push(root)
    else roots.set(key, [root])
  }
  const ids = new Map<string, number>()
  return [...roots.values()].map((units) => {
    const tensors = tensorsOf.get(units[0]!)!
    const group = describe(
      network,
      channels,
      units.sort((a, b) => a - b),
      tensors,
    )
    const uses = (ids.get(group.id) ?? 0) + 1
    ids.set(group.id, uses)
    return uses === 1 ? group : { ...group, id: `${group.id}:${uses}` }
  })
}

function describe(network: Network, channels: ChannelClasses, units: number[], tensors: string[]): CoupledGroup {
  const unitOf = new Map(units.map((root, unit) => [root, unit]))
  const inside = new Set(tensors)
  const members = tensors.map((tensor) => ({
    tensor,
    units: Int32Array.from(
      { length: channels.count(tensor) },
      (_, c) => unitOf.get(channels.find(channels.element(tensor, c))) ?? -1,
    ),
  }))
  const nodes = network.nodes
  const producers = nodes.filter((node) => inside.has(node.outputs[0]!) && makesChannels(node))
  const contractors = nodes.filter((node) => inside.has(node.inputs[0]!) && contracts(node))
  const adds = nodes.filter(
    (node) => (node.op === 'Add' || node.op === 'Sum') && node.inputs.filter((input) => inside.has(input)).length > 1,
  )
  const why =
    channels.reason(units[0]!) ?? (producers.length === 0 ? 'no layer of its own makes these channels' : undefined)
  return {
    id: producers[0] ? layerName(producers[0]) : tensors[0]!,
    channels: units.length,
    prunable: why === undefined,
    why,
    stream: adds.length > 0,
    members,
    producers: producers.map((node) => node.name),
    contractors: contractors.map((node) => node.name),
  }
}
