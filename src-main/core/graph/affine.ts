import { elementCount, intAttribute, type Network, type NetworkNode, type Tensor } from './network'
import { propagate, type Shapes } from './shapes'
import { lazyTensor } from './tensors'

/**
 * Folds per-channel constants added to, subtracted from or multiplied with the output of a layer into that layer's
 * weights and bias (BN's scale and shift): Keras 3 exports batch normalisation as Sub, Mul, Add. The function stays the
 * same up to rounding; the layer takes over the name of the last tensor folded. Computed when the weights are read.
 */
export function foldAffine(network: Network): Network {
  if (!network.nodes.some((node) => arithmetic.has(node.op))) return network
  return new AffineFolding(network).run()
}

const arithmetic = new Set(['Add', 'Sub', 'Mul', 'Div'])

/** y = scale · x + shift per channel; undefined stands for 1 and 0. */
interface Affine {
  readonly scale: Factor | undefined
  readonly shift: Factor | undefined
}
/** Value for a channel. */
type Factor = (channel: number) => number

class AffineFolding {
  private readonly initializers: Map<string, Tensor>
  private readonly nodes: (NetworkNode | undefined)[]
  private readonly makers = new Map<string, number>()
  private readonly reads = new Map<string, number>()
  private readonly shapes: Shapes

  constructor(private readonly network: Network) {
    this.initializers = new Map(network.initializers)
    this.nodes = [...network.nodes]
    const inputs = network.inputs.flatMap(({ name, shape }) => (shape ? [[name, shape] as const] : []))
    this.shapes = propagate(network, new Map(inputs)).shapes
    const read = (name: string) => this.reads.set(name, (this.reads.get(name) ?? 0) + 1)
    for (const node of network.nodes) [...node.inputs, ...(node.captured ?? [])].forEach(read)
    for (const output of network.outputs) read(output.name)
    network.nodes.forEach((node, i) => node.outputs.forEach((output) => this.makers.set(output, i)))
  }

  run(): Network {
    this.network.nodes.forEach((node, i) => {
      if (node.domain === '' && arithmetic.has(node.op) && node.inputs.length === 2) this.fold(node, i)
    })
    const nodes = this.nodes.filter((node) => node !== undefined)
    return { ...this.network, nodes, initializers: this.initializers }
  }

  private fold(node: NetworkNode, index: number): void {
    const [a, b] = node.inputs as [string, string]
    const first = !this.initializers.has(a)
    const [activation, constant] = first ? [a, b] : [b, a]
    const tensor = this.initializers.get(constant)
    const at = this.makers.get(activation)
    const layer = at === undefined ? undefined : this.nodes[at]
    if (!tensor || tensor.type !== 'float32' || !layer || this.reads.get(activation) !== 1) return
    if (node.op === 'Div' && !first) return
    const channels = this.channelsOf(layer)
    const rank = this.shapes.get(activation)?.length
    if (channels === undefined || rank === undefined) return
    const value = perChannel(tensor, layerAxis(layer, rank), rank, channels)
    const changed = value && this.withAffine(layer, affineOf(node.op, first, value), channels)
    if (!changed) return
    this.nodes[at!] = { ...changed, outputs: [node.outputs[0]!] }
    this.nodes[index] = undefined
    this.makers.set(node.outputs[0]!, at!)
  }

  /** Output channels of a layer whose parameters are all constant; undefined for anything else. */
  private channelsOf(node: NetworkNode): number | undefined {
    if (node.domain !== '' || node.outputs.length !== 1) return undefined
    const shape = this.initializers.get(node.inputs[1] ?? '')?.shape
    if (!shape || node.inputs.slice(1).some((name) => name && !this.isFloat(name))) return undefined
    switch (node.op) {
      case 'Conv':
      case 'BatchNormalization':
        return shape[0]
      case 'ConvTranspose':
        return shape[1]! * intAttribute(node, 'group', 1)
      case 'Gemm':
        return plainGemm(node) ? shape[intAttribute(node, 'transB', 0) ? 0 : 1] : undefined
      case 'MatMul':
        return shape.length === 2 ? shape[1] : undefined
      default:
        return undefined
    }
  }

  private isFloat(name: string): boolean {
    return this.initializers.get(name)?.type === 'float32'
  }

  private withAffine(node: NetworkNode, { scale, shift }: Affine, channels: number): NetworkNode | undefined {
    // MatMul has no bias to take a shift.
    if (node.op === 'MatMul' && shift) return undefined
    const inputs = [...node.inputs]
    if (scale) inputs[1] = this.replace(node, 1, scaledWeight(node, this.initializers.get(inputs[1]!)!, scale))
    if (node.op === 'MatMul') return { ...node, inputs }
    const old = inputs[2] ? this.initializers.get(inputs[2]) : undefined
    if (!old && !shift) return { ...node, inputs }
    if (old && elementCount(old.shape) !== channels && elementCount(old.shape) !== 1) return undefined
    const bias = lazyTensor('float32', [channels], () => {
      const at = (c: number) => (old ? old.data[old.data.length === 1 ? 0 : c]! : 0)
      return Float32Array.from({ length: channels }, (_, c) => at(c) * (scale?.(c) ?? 1) + (shift?.(c) ?? 0))
    })
    inputs[2] = this.replace(node, 2, bias)
    return { ...node, inputs }
  }

  /** Puts a new constant in the place of an input: under the old name where nobody else reads it. */
  private replace(node: NetworkNode, input: number, tensor: Tensor): string {
    const old = node.inputs[input]
    const name = old && this.reads.get(old) === 1 ? old : this.nameFor(node, input)
    this.initializers.set(name, tensor)
    this.reads.set(name, 1)
    return name
  }

  private nameFor(node: NetworkNode, input: number): string {
    const weight = node.inputs[1]!
    const wanted =
      input === 2 && weight.endsWith('.weight') ? weight.replace(/weight$/, 'bias') : `${node.name}/${input}`
    return this.initializers.has(wanted) ? `${node.name}/folded/${input}` : wanted
  }
}

/** alpha · A · B + beta · C with both factors 1. */
const plainGemm = (node: NetworkNode): boolean =>
  ['alpha', 'beta'].every((name) => (node.attributes[name] ?? 1) === 1) && intAttribute(node, 'transA', 0) === 0

const layerAxis = (node: NetworkNode, rank: number): number => (node.op === 'MatMul' ? rank - 1 : 1)

/** The constant as a value per channel; undefined where it differs along another axis. */
function perChannel(tensor: Tensor, axis: number, rank: number, channels: number): Factor | undefined {
  const lead = rank - tensor.shape.length
  if (lead < 0 || tensor.shape.some((dim, i) => dim !== 1 && (i + lead !== axis || dim !== channels))) return undefined
  return elementCount(tensor.shape) === 1 ? () => tensor.data[0]! : (channel) => tensor.data[channel]!
}

function affineOf(op: string, first: boolean, value: Factor): Affine {
  if (op === 'Add') return { scale: undefined, shift: value }
  if (op === 'Sub') return first ? { scale: undefined, shift: (c) => -value(c) } : { scale: () => -1, shift: value }
  return { scale: op === 'Mul' ? value : (c) => 1 / value(c), shift: undefined }
}

/** Every weight times the factor of the output channel it belongs to. */
function scaledWeight(node: NetworkNode, weight: Tensor, scale: Factor): Tensor {
  const { shape } = weight
  const channelOf = channelIndex(node, shape)
  return lazyTensor('float32', shape, () => Float32Array.from(weight.data, (value, i) => value * scale(channelOf(i))))
}

function channelIndex(node: NetworkNode, shape: readonly number[]): (position: number) => number {
  const inner = elementCount(shape.slice(1))
  if (node.op === 'ConvTranspose') {
    const [columns, kernel] = [shape[1]!, elementCount(shape.slice(2))]
    const rowsPerGroup = shape[0]! / intAttribute(node, 'group', 1)
    return (i) => Math.floor(Math.floor(i / inner) / rowsPerGroup) * columns + (Math.floor(i / kernel) % columns)
  }
  const columns = node.op === 'MatMul' || (node.op === 'Gemm' && intAttribute(node, 'transB', 0) === 0)
  return columns ? (i) => i % shape[1]! : (i) => Math.floor(i / inner)
}
