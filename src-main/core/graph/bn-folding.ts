import { foldableChannels } from './bn-insertion'
import { withoutDeadParts } from './clean'
import {
  consumers,
  elementCount,
  intAttribute,
  producers,
  type Network,
  type NetworkNode,
  type Tensor,
} from './network'

/**
 * Folds batch normalisation into the layer before it: W ← W·γ/√(σ² + ε), b ← (b − μ)·γ/√(σ² + ε) + β. The layer then
 * makes the tensor that BN made. Where the layer's output has other readers, or its weights are no constants, BN stays.
 * @param which the BN nodes to fold
 */
export function foldNorms(network: Network, which: (node: NetworkNode) => boolean): Network {
  const makers = producers(network)
  const readers = consumers(network)
  const outputs = new Set(network.outputs.map(({ name }) => name))
  const initializers = new Map(network.initializers)
  const folded = new Map<string, NetworkNode>()
  const gone = new Set<string>()
  for (const norm of network.nodes) {
    if (norm.op !== 'BatchNormalization' || norm.domain !== '' || !which(norm)) continue
    const input = norm.inputs[0]!
    const layer = makers.get(input)
    if (!layer || outputs.has(input) || readers.get(input)!.length > 1) continue
    const affine = affineOf(network, norm)
    if (!affine || foldableChannels(network, layer) !== affine.scale.length) continue
    folded.set(layer.name, foldInto(network, layer, norm, affine, initializers))
    gone.add(norm.name)
  }
  const nodes = network.nodes.filter(({ name }) => !gone.has(name)).map((node) => folded.get(node.name) ?? node)
  return withoutDeadParts({ ...network, nodes, initializers })
}

/** y = scale · x + shift, per channel. */
interface Affine {
  readonly scale: Float64Array
  readonly shift: Float64Array
}

function affineOf(network: Network, norm: NetworkNode): Affine | undefined {
  const [gamma, beta, mean, variance] = norm.inputs.slice(1, 5).map((name) => network.initializers.get(name)?.data)
  if (!gamma || !beta || !mean || !variance) return undefined
  const epsilon = typeof norm.attributes['epsilon'] === 'number' ? norm.attributes['epsilon'] : 1e-5
  const scale = Float64Array.from(gamma, (value, c) => Number(value) / Math.sqrt(Number(variance[c]) + epsilon))
  return { scale, shift: scale.map((value, c) => Number(beta[c]) - Number(mean[c]) * value) }
}

function foldInto(
  network: Network,
  layer: NetworkNode,
  norm: NetworkNode,
  { scale, shift }: Affine,
  initializers: Map<string, Tensor>,
): NetworkNode {
  const [x, weight, bias] = layer.inputs as [string, string, string?]
  const dense = layer.op === 'Gemm'
  const beta = dense && typeof layer.attributes['beta'] === 'number' ? layer.attributes['beta'] : 1
  const old = network.initializers.get(bias ?? '')?.data
  const shifted = shift.map((value, c) => (old ? beta * Number(old[old.length === 1 ? 0 : c]) * scale[c]! : 0) + value)
  // Another layer may read the same weight: it keeps the old one.
  const names = { weight: ownName(network, layer, 1), bias: ownName(network, layer, 2) ?? `${layer.name}.folded_bias` }
  initializers.set(names.weight!, scaled(network.initializers.get(weight)!, layer, scale))
  initializers.set(names.bias, { type: 'float32', shape: [shifted.length], data: Float32Array.from(shifted) })
  return {
    ...layer,
    inputs: [x, names.weight!, names.bias],
    outputs: norm.outputs.slice(0, 1),
    ...(dense && { attributes: { ...layer.attributes, beta: 1 } }),
  }
}

/** The name of a constant the layer alone reads, or a new one; undefined where it reads none. */
function ownName(network: Network, layer: NetworkNode, index: number): string | undefined {
  const name = layer.inputs[index]
  if (!name) return undefined
  const uses = network.nodes.reduce((sum, { inputs }) => sum + inputs.filter((input) => input === name).length, 0)
  return uses > 1 ? `${name}/${layer.name}` : name
}

/** A weight with the filter of output channel c times `scale[c]`. */
function scaled(weight: Tensor, layer: NetworkNode, scale: Float64Array): Tensor {
  const { shape } = weight
  const axis = layer.op === 'Conv' || intAttribute(layer, 'transB', 0) ? 0 : 1
  const inner = elementCount(shape.slice(axis + 1))
  // ConvTranspose: rows of group g, [C, M/group, k…], make the g-th part of the channels.
  const parts = layer.op === 'ConvTranspose' ? intAttribute(layer, 'group', 1) : 1
  const rows = elementCount(shape.slice(0, axis)) / parts
  const width = shape[axis]!
  const data = Float32Array.from(weight.data, (value, i) => {
    const row = Math.floor(i / inner / width)
    const channel = (Math.floor(i / inner) % width) + Math.floor(row / rows) * width
    return Number(value) * scale[channel]!
  })
  return { ...weight, data }
}
