import { networkCost, trainableInitializers } from '../graph/cost'
import { elementCount, type Network, type NetworkNode, type Shape } from '../graph/network'
import { opRow } from '../graph/ops'
import type { Coupling } from './groups'
import { layerName } from './layers'

/** A node of the network as people look at it: what it costs, and which channels run through it. */
export interface OutlineNode {
  /** Unique, as the file has it. */
  readonly name: string
  /** As people know it: its weight's name without ".weight". */
  readonly layer: string
  readonly op: string
  readonly kind: 'input' | 'output' | 'op' | 'opaque'
  /** Of its first output (an output node: of what it takes). */
  readonly shape: readonly (number | string)[]
  /** Multiply-accumulates for one input. */
  readonly macs: number
  /** Trainable values that it reads. */
  readonly params: number
  /** Indices of the groups whose channels its outputs carry. */
  readonly makes: readonly number[]
  /** Indices of the groups that its constants are cut along as channels arrive. */
  readonly reads: readonly number[]
  /** Only of opaque nodes: indices of the groups that cannot be pruned because their channels reach it, or leave it. */
  readonly blocks?: readonly number[]
}

/** From one node to another, by index: what the first makes the second reads. Each pair once. */
export type OutlineEdge = readonly [from: number, to: number]

export interface Outline {
  /** Inputs first, then the nodes in topological order, then outputs. */
  readonly nodes: readonly OutlineNode[]
  readonly edges: readonly OutlineEdge[]
}

/** A network's nodes and edges, for drawing; group indices are those of `coupling.groups`. */
export function outlineOf(coupling: Coupling): Outline {
  const { network, shapes, groups } = coupling
  const carried = new Map<string, number[]>()
  const reading = new Map<string, number[]>()
  groups.forEach((group, index) => {
    for (const { tensor } of group.members) append(carried, tensor, index)
    for (const { node, side } of group.constants) if (side === 'in') append(reading, node, index)
  })
  const shapeOf = (tensor: string | undefined): Shape => shapes.get(tensor ?? '') ?? []
  const of = (tensors: readonly string[]): number[] => unique(tensors.flatMap((tensor) => carried.get(tensor) ?? []))
  const costs = networkCost(network, shapes).nodes
  const params = parameterCounts(network)
  const end = { macs: 0, params: 0, reads: [] }
  const nodes: OutlineNode[] = [
    ...network.inputs.map(({ name }): OutlineNode => {
      return { ...end, name, layer: name, op: 'Input', kind: 'input', shape: shapeOf(name), makes: of([name]) }
    }),
    ...network.nodes.map((node, i): OutlineNode => {
      const isOpaque = opRow(node) === undefined
      const touched = of([...node.outputs, ...node.inputs, ...(node.captured ?? [])])
      return {
        name: node.name,
        layer: layerName(node),
        op: node.domain ? `${node.domain}:${node.op}` : node.op,
        kind: isOpaque ? 'opaque' : 'op',
        shape: shapeOf(node.outputs[0]),
        macs: costs[i]!.macs,
        params: params(node),
        makes: of(node.outputs),
        reads: unique(reading.get(node.name) ?? []),
        ...(isOpaque && { blocks: touched.filter((index) => !groups[index]!.prunable) }),
      }
    }),
    ...network.outputs.map(({ name }): OutlineNode => {
      return { ...end, name, layer: name, op: 'Output', kind: 'output', shape: shapeOf(name), makes: [] }
    }),
  ]
  return { nodes, edges: edgesOf(network) }
}

function edgesOf(network: Network): OutlineEdge[] {
  const maker = new Map<string, number>()
  network.inputs.forEach(({ name }, i) => maker.set(name, i))
  const first = network.inputs.length
  network.nodes.forEach(({ outputs }, i) => outputs.forEach((output) => maker.set(output, first + i)))
  const edges: OutlineEdge[] = []
  const link = (tensors: readonly string[], to: number): void => {
    for (const from of unique(tensors.flatMap((tensor) => maker.get(tensor) ?? []))) edges.push([from, to])
  }
  network.nodes.forEach(({ inputs, captured = [] }, i) => link([...inputs, ...captured], first + i))
  network.outputs.forEach(({ name }, i) => link([name], first + network.nodes.length + i))
  return edges
}

function parameterCounts(network: Network): (node: NetworkNode) => number {
  const trainable = trainableInitializers(network)
  return ({ inputs }) =>
    unique(inputs)
      .filter((name) => trainable.has(name))
      .reduce((sum, name) => sum + elementCount(network.initializers.get(name)!.shape), 0)
}

function append(map: Map<string, number[]>, key: string, value: number): void {
  const list = map.get(key)
  if (list) list.push(value)
  else map.set(key, [value])
}

const unique = <T>(values: readonly T[]): T[] => [...new Set(values)]
