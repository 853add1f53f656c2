import { layerName } from '../coupling/layers'
import { networkCost } from '../graph/cost'
import { producers, type Network, type NetworkNode } from '../graph/network'
import { volume } from '../graph/ops/row'
import { byteLength } from '../graph/tensors'
import { inferShapes } from '../graph/shapes'

/** A kernel as the runtime timed it; in the order they ran. */
export interface KernelTime {
  /** A node's name, or something made from its output's. */
  readonly name: string
  /** As the runtime calls it: "FusedConv". */
  readonly op: string
  /** ms */
  readonly median: number
  /** Standard error of the median, ms. */
  readonly noise?: number
}

/** A node that multiplies, with what hangs on it; or any other node, on its own. */
export interface Layer {
  /** Unique in the network: as people know it where it has weights ("layer1.0.conv1"), else the node's name. */
  readonly name: string
  /** Name of the node that multiplies, or of the only one. */
  readonly node: string
  readonly op: string
  /** Names of all its nodes, in graph order. */
  readonly nodes: readonly string[]
  /** Multiply-accumulates for one input. */
  readonly macs: number
  /** Bytes that enter and leave it for one input, weights included, float32 activations. */
  readonly bytes: number
}

/** What runtimes fold into the layer before it when they can. */
const tails = new Set(
  'BatchNormalization Relu LeakyRelu PRelu Clip Sigmoid HardSigmoid HardSwish Tanh Elu Add Sum Sub Mul Div'.split(' '),
)

/**
 * The layers of a network, in graph order. A tail that could hang on several layers hangs on the last of them: a
 * shortcut is there before its branch.
 * @param known owners of nodes decided on elsewhere, by node: those of the original, for a pruned network
 */
export function layersOf(network: Network, known: ReadonlyMap<string, string> = new Map()): Layer[] {
  const shapes = inferShapes(network)
  const macs = new Map(networkCost(network, shapes).nodes.map((cost) => [cost.node, cost.macs]))
  const makers = producers(network)
  const index = new Map(network.nodes.map((node, i) => [node.name, i]))
  const owner = new Map<string, string>()
  for (const node of network.nodes) {
    const decided = known.get(node.name)
    const before = node.inputs
      .map((input) => owner.get(makers.get(input)?.name ?? ''))
      .filter((name) => name !== undefined && (macs.get(name) ?? 0) > 0)
      .sort((a, b) => (index.get(a!) ?? -1) - (index.get(b!) ?? -1))
      .at(-1)
    const hangs = macs.get(node.name) === 0 && node.domain === '' && tails.has(node.op)
    owner.set(node.name, decided ?? ((hangs ? before : undefined) || node.name))
  }
  const members = new Map<string, NetworkNode[]>()
  for (const node of network.nodes) {
    const name = owner.get(node.name)!
    members.set(name, [...(members.get(name) ?? []), node])
  }
  const bytesOf = (name: string): number => {
    const constant = network.initializers.get(name)
    return constant ? byteLength(constant) : 4 * volume(shapes.get(name))
  }
  const taken = new Set<string>()
  return [...members].map(([node, nodes]) => {
    const first = nodes.find(({ name }) => name === node)
    const short = first && (macs.get(node) ?? 0) > 0 ? layerName(first) : node
    const name = taken.has(short) ? node : short
    taken.add(name)
    return {
      ...{ name, node, op: first?.op ?? nodes[0]!.op, nodes: nodes.map((each) => each.name) },
      macs: nodes.reduce((sum, each) => sum + (macs.get(each.name) ?? 0), 0),
      bytes: [...edges(nodes, network)].reduce((sum, tensor) => sum + bytesOf(tensor), 0),
    }
  })
}

/** Node → the node its layer is named after. */
export const ownersOf = (layers: readonly Layer[]): Map<string, string> =>
  new Map(layers.flatMap(({ node, nodes }) => nodes.map((name) => [name, node] as const)))

/** Tensors that enter these nodes from outside (constants too) or leave them. */
function edges(nodes: readonly NetworkNode[], network: Network): Set<string> {
  const inside = new Set(nodes)
  const made = new Set(nodes.flatMap((node) => node.outputs))
  const read = new Set(network.outputs.map(({ name }) => name))
  for (const node of network.nodes) if (!inside.has(node)) for (const input of node.inputs) read.add(input)
  const entering = nodes.flatMap((node) => node.inputs).filter((input) => input !== '' && !made.has(input))
  return new Set([...entering, ...[...made].filter((output) => read.has(output))])
}

/** A kernel and where it belongs. */
export interface PlacedKernel extends KernelTime {
  /** Node that its layer is named after. */
  readonly layer: string
  /** Put there by the runtime, such as a conversion between layouts; counted to the layer in front of which it runs. */
  readonly inserted: boolean
}

/** A kernel that multiplies, whatever the runtime calls it. */
const multiplies = /conv|gemm|matmul|fullyconnected|dense/i

/**
 * The layer of every kernel. Runtimes name a fused kernel after one of its nodes or after its last output, with a
 * suffix of their own; a kernel that multiplies belongs to the layer whose product it is, even where it is named after
 * what was folded into it.
 */
export function placeKernels(
  network: Network,
  layers: readonly Layer[],
  kernels: readonly KernelTime[],
): PlacedKernel[] {
  const nodeOf = new Map<string, NetworkNode>()
  for (const node of network.nodes) for (const output of node.outputs) if (output) nodeOf.set(output, node)
  for (const node of network.nodes) nodeOf.set(node.name, node)
  const names = [...nodeOf.keys()].sort((a, b) => b.length - a.length)
  const owner = ownersOf(layers)
  const multiplying = new Set(layers.filter(({ macs }) => macs > 0).map(({ node }) => node))
  const makers = producers(network)
  /** Back to the node whose product it is. */
  const product = (node: NetworkNode): string | undefined => {
    if (multiplying.has(node.name)) return node.name
    if (!tails.has(node.op)) return undefined
    const found = node.inputs.flatMap((input) => {
      const maker = makers.get(input)
      return (maker && product(maker)) ?? []
    })
    return found.sort((a, b) => position(network, a) - position(network, b)).at(-1)
  }
  const layerOf = ({ name, op }: KernelTime): string | undefined => {
    const node = nodeOf.get(nodeOf.has(name) ? name : (names.find((each) => standsIn(each, name)) ?? ''))
    if (!node) return undefined
    return (multiplies.test(op) ? product(node) : undefined) ?? owner.get(node.name)
  }
  const found = kernels.map(layerOf)
  return kernels.flatMap((kernel, i) => {
    const layer = found[i] ?? found.slice(i).find((each) => each !== undefined) ?? found.findLast((each) => each)
    return layer === undefined ? [] : [{ ...kernel, layer, inserted: found[i] === undefined }]
  })
}

const position = (network: Network, name: string): number => network.nodes.findIndex((node) => node.name === name)

/** Does a runtime's name contain this name as a whole ("a_nchwc", "a + b"), and not as a piece of another? */
function standsIn(name: string, kernel: string): boolean {
  const at = kernel.indexOf(name)
  if (at < 0) return false
  const [before, after] = [kernel[at - 1] ?? ' ', kernel[at + name.length] ?? ' ']
  return /[^\w./]/.test(before) && /[^a-zA-Z0-9./]/.test(after)
}
