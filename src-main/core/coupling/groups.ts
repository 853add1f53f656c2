import type { Network, NetworkNode } from '../graph/network'
import { inferShapes, shapeContext, type Shapes } from '../graph/shapes'
import { balanceUnits } from './balance'
import { ChannelClasses } from './channels'
import { contracts, layerName, makesChannels } from './layers'
import { findShuffles } from './shuffle'
import { couplingRules, opaqueRule, type RuleContext } from './rules'

/** A tensor's share in a group: `units[c]` is the unit of channel c along `axis`, or −1 where c is another group's. */
export interface GroupMember {
  readonly tensor: string
  readonly axis: number
  readonly units: Int32Array
}

/** A constant's share in a group, as one node reads it. */
export interface GroupConstant extends GroupMember {
  readonly node: string
  /** Index among the node's inputs. */
  readonly input: number
  /** Do these channels arrive at the node (a weight's input axis), does it make or carry them, or list them? */
  readonly side: 'in' | 'out' | 'index'
  /** More than 1 where a grouped convolution's weight holds only 1/parts of the channels along its axis. */
  readonly parts: number
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
  /** Activations. */
  readonly members: readonly GroupMember[]
  /** Weights, biases, scales, …: what surgery slices. */
  readonly constants: readonly GroupConstant[]
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

/**
 * Coupled groups of a network, in the order of their first layer. Every channel a layer of the network makes is in
 * exactly one group; those that may not be cut are in groups that say why.
 */
export function findGroups(network: Network, shapes: Shapes = inferShapes(network)): Coupling {
  const channels = new ChannelClasses()
  const context: RuleContext = { ...shapeContext(network, shapes), channels, shuffles: findShuffles(network, shapes) }
  for (const input of network.inputs) channels.fix(input.name, 'it is an input of the network')
  for (const node of network.nodes) {
    const rule = node.domain === '' ? couplingRules[node.op] : undefined
    ;(rule ?? opaqueRule)(node, context)
  }
  for (const output of network.outputs) channels.blockTensor(output.name, `feeds output \`${output.name}\``)
  shareWeights(network, channels)
  balanceUnits(channels)
  return { network, shapes, groups: bundle(network, channels) }
}

/** A weight that several layers read is one weight: their channels are the same. (Vectors are copied instead.) */
function shareWeights(network: Network, channels: ChannelClasses): void {
  const first = new Map<string, Int32Array>()
  for (const { tensor, axis, ids, parts } of channels.constants) {
    if (network.initializers.get(tensor)!.shape.length < 2) continue
    const key = `${tensor}@${axis}/${parts}`
    const known = first.get(key)
    if (!known) first.set(key, ids)
    else if (known.length === ids.length) channels.uniteAll(known, ids)
    else for (const each of [known, ids]) channels.block(each, `shares the weight "${tensor}" with another layer`)
  }
}

/** Classes that touch the same tensors make one group. */
function bundle(network: Network, channels: ChannelClasses): CoupledGroup[] {
  const tensorsOf = new Map<number, string[]>()
  for (const [tensor, { ids }] of channels.tensors()) {
    for (const id of ids) {
      const root = channels.find(id)
      const list = tensorsOf.get(root)
      if (!list) tensorsOf.set(root, [tensor])
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
  const describe = describer(network, channels)
  const ids = new Map<string, number>()
  return [...roots.values()].flatMap((units) => {
    const group = describe(
      units.sort((a, b) => a - b),
      tensorsOf.get(units[0]!)!,
    )
    // Padding, or a constant's part of a Concat: no layer makes these, none could be cut.
    if (group.producers.length === 0) return []
    const uses = (ids.get(group.id) ?? 0) + 1
    ids.set(group.id, uses)
    return uses === 1 ? group : { ...group, id: `${group.id}:${uses}` }
  })
}

function describer(network: Network, channels: ChannelClasses) {
  const readers = new Map<string, NetworkNode[]>()
  const makers = new Map<string, NetworkNode>()
  for (const node of network.nodes) {
    makers.set(node.outputs[0]!, node)
    for (const input of new Set(node.inputs)) readers.set(input, [...(readers.get(input) ?? []), node])
  }
  const constantsOf = new Map<number, Set<number>>()
  channels.constants.forEach(({ ids }, index) => {
    for (const id of ids) {
      const root = channels.find(id)
      const set = constantsOf.get(root)
      if (set) set.add(index)
      else constantsOf.set(root, new Set([index]))
    }
  })
  return (units: number[], tensors: string[]): CoupledGroup => {
    const unitOf = new Map(units.map((root, unit) => [root, unit]))
    const unitsAlong = (ids: Int32Array) => ids.map((id) => unitOf.get(channels.find(id)) ?? -1)
    const members = tensors.map((tensor) => {
      const { axis, ids } = channels.of(tensor)!
      return { tensor, axis, units: unitsAlong(ids) }
    })
    const inside = new Set(tensors)
    const indices = new Set(units.flatMap((root) => [...(constantsOf.get(root) ?? [])]))
    const constants = [...indices]
      .sort((a, b) => a - b)
      .map((index) => {
        const { node, input, tensor, axis, side, parts, ids } = channels.constants[index]!
        return { node, input, tensor, axis, side, parts, units: unitsAlong(ids) }
      })
    const producers = tensors.flatMap((tensor) => {
      const node = makers.get(tensor)
      return node && makesChannels(node, network) ? [node] : []
    })
    const reading = tensors.flatMap((tensor) => readers.get(tensor) ?? [])
    const contractors = new Set(reading.filter((n) => inside.has(n.inputs[0]!) && contracts(n, network)))
    const adds = reading.some(
      (node) => (node.op === 'Add' || node.op === 'Sum') && node.inputs.filter((input) => inside.has(input)).length > 1,
    )
    const why = channels.reason(units[0]!) ?? (units.length === 1 ? 'would have no channel left' : undefined)
    return {
      id: producers[0] ? layerName(producers[0]) : tensors[0]!,
      channels: units.length,
      prunable: why === undefined,
      why,
      stream: adds,
      members,
      constants,
      producers: producers.map((node) => node.name),
      contractors: [...contractors].map((node) => node.name),
    }
  }
}
