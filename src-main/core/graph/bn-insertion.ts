import { elementCount, consumers, intAttribute, type Network, type NetworkNode } from './network'

/** A layer without batch normalisation behind it that could have one. */
export interface BareLayer {
  /** Name of the node. */
  readonly node: string
  /** Its output, [N, C, …]. */
  readonly tensor: string
  readonly channels: number
}

/** Mean and (biased) variance of a tensor's channels. */
export interface ChannelMoments {
  readonly mean: ArrayLike<number>
  readonly variance: ArrayLike<number>
}

/** Ends the name of every BN that was put back, so that it is known again after pruning and training. */
const suffix = '/reinserted_bn'

export const isReinserted = (node: NetworkNode): boolean =>
  node.op === 'BatchNormalization' && node.name.endsWith(suffix)

const convolutions = new Set(['Conv', 'ConvTranspose'])
const contracting = new Set(['Conv', 'ConvTranspose', 'Gemm', 'MatMul'])
const normalizing = new Set([
  'BatchNormalization',
  'InstanceNormalization',
  'LayerNormalization',
  'GroupNormalization',
  'MeanVarianceNormalization',
])
const activations = new Set([
  ...['Relu', 'LeakyRelu', 'PRelu', 'Clip', 'Sigmoid', 'HardSigmoid', 'HardSwish', 'Tanh', 'Elu', 'Selu', 'Celu'],
  ...['Softplus', 'Softsign', 'Gelu', 'Mish', 'ThresholdedRelu'],
])

/**
 * Convolutions, and dense layers before an activation, that have no normalisation behind them and could have one:
 * their weights are constant, and they are not the last layer on some way to an output (a classifier's logits and a
 * detector's boxes are no place for batch statistics).
 */
export function bareLayers(network: Network): BareLayer[] {
  const readers = consumers(network)
  const ends = reachesOutput(network)
  return network.nodes.flatMap((node) => {
    const behind = readers.get(node.outputs[0]!) ?? []
    const fits = convolutions.has(node.op) || (node.op === 'Gemm' && behind.some(({ op }) => activations.has(op)))
    const channels = node.domain === '' && fits ? foldableChannels(network, node) : undefined
    if (channels === undefined || ends.has(node.outputs[0]!)) return []
    if (behind.some(({ op }) => normalizing.has(op))) return []
    return [{ node: node.name, tensor: node.outputs[0]!, channels }]
  })
}

/** How many convolutions there are, and how many of them have a normalisation right behind them. */
export function countNormed(network: Network): { convolutions: number; normed: number } {
  const readers = consumers(network)
  const all = network.nodes.filter(({ op, domain }) => domain === '' && convolutions.has(op))
  const normed = all.filter(({ outputs }) => readers.get(outputs[0]!)?.some(({ op }) => normalizing.has(op)))
  return { convolutions: all.length, normed: normed.length }
}

/**
 * Output channels of a layer whose weight and bias are constants that a scale per channel can be folded into; else
 * undefined.
 */
export function foldableChannels(network: Network, node: NetworkNode): number | undefined {
  const weight = network.initializers.get(node.inputs[1] ?? '')
  if (!weight || weight.type !== 'float32') return undefined
  const group = intAttribute(node, 'group', 1)
  const { shape } = weight
  const channels =
    node.op === 'Conv'
      ? shape[0]
      : node.op === 'ConvTranspose'
        ? shape[1]! * group
        : node.op === 'Gemm'
          ? shape[intAttribute(node, 'transB', 0) ? 0 : 1]
          : undefined
  if (channels === undefined || !node.inputs[2]) return channels
  const bias = network.initializers.get(node.inputs[2])
  const size = bias?.type === 'float32' ? elementCount(bias.shape) : 0
  return size === channels || (node.op === 'Gemm' && size === 1) ? channels : undefined
}

/** Tensors from which an output of the network can be reached without passing a layer that sums over channels. */
function reachesOutput(network: Network): Set<string> {
  const found = new Set(network.outputs.map(({ name }) => name))
  for (const node of [...network.nodes].reverse())
    if (!contracting.has(node.op) && node.outputs.some((output) => found.has(output)))
      for (const input of node.inputs) found.add(input)
  return found
}

/**
 * The network with BN behind layers, by the statistics of their outputs: γ = √(σ² + ε), β = μ, mean μ, variance σ², which
 * computes what was there before. Tensors keep their names: what the layer itself makes gets a new one.
 * @param moments per tensor of `bareLayers`; layers without are left bare
 */
export function insertNorms(network: Network, moments: ReadonlyMap<string, ChannelMoments>): Network {
  const epsilon = Math.fround(1e-5)
  const bare = new Map(bareLayers(network).map((layer) => [layer.node, layer]))
  const initializers = new Map(network.initializers)
  const nodes = network.nodes.flatMap((node): NetworkNode[] => {
    const layer = bare.get(node.name)
    const figures = layer && moments.get(layer.tensor)
    if (!layer || !figures) return [node]
    const name = `${node.name}${suffix}`
    const mean = Float32Array.from(figures.mean)
    const variance = Float32Array.from(figures.variance, (v) => Math.max(0, v))
    const constant = (label: string, data: Float32Array): string => {
      initializers.set(`${name}.${label}`, { type: 'float32', shape: [data.length], data })
      return `${name}.${label}`
    }
    const inner = `${layer.tensor}/before_bn`
    const inputs = [
      inner,
      constant(
        'scale',
        variance.map((v) => Math.sqrt(v + epsilon)),
      ),
      constant('shift', mean.slice()),
      constant('mean', mean),
      constant('variance', variance),
    ]
    return [
      { ...node, outputs: [inner] },
      {
        ...{ name, op: 'BatchNormalization', domain: '', inputs, outputs: [layer.tensor] },
        attributes: { epsilon, momentum: Math.fround(0.9) },
      },
    ]
  })
  return { ...network, nodes, initializers }
}
