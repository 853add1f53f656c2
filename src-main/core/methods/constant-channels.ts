import type { CoupledGroup, Coupling } from '../coupling/groups'
import { contracts } from '../coupling/layers'
import {
  constantInput,
  intAttribute,
  intsAttribute,
  type Network,
  type NetworkNode,
  type Tensor,
} from '../graph/network'
import { unitsBut } from '../pruning/units'
import type { Keep } from '../pruning/widths'

/** What a channel is everywhere, whatever the image; NaN where it is not constant. */
export type Constants = Float64Array

/** Values of channels with γ = 0 as they travel: "shadows" in the code of Ye et al. (ICLR 2018). */
export interface ConstantChannels {
  /** Per tensor whose channels lie on axis 1. */
  readonly tensors: ReadonlyMap<string, Constants>
}

type Look = (input: number) => Constants | undefined
type Rule = (node: NetworkNode, look: Look, network: Network) => Constants | undefined

const number = (node: NetworkNode, name: string, fallback: number): number => {
  const value = node.attributes[name]
  return typeof value === 'number' ? value : fallback
}

/** NaN stays NaN. */
const each =
  (value: (x: number, node: NetworkNode, network: Network) => number): Rule =>
  (node, look, network) =>
    look(0)?.map((x) => (Number.isNaN(x) ? NaN : value(x, node, network)))
const pass = each((x) => x)

const vector = (network: Network, node: NetworkNode, input: number) =>
  network.initializers.get(node.inputs[input] ?? '')?.data as Float32Array | undefined

/** γ = 0 gives β; a constant stays one. */
const batchNormalization: Rule = (node, look, network) => {
  const [scale, shift, mean, variance] = [1, 2, 3, 4].map((input) => vector(network, node, input))
  if (!scale || !shift || !mean || !variance) return undefined
  const x = look(0)
  const epsilon = number(node, 'epsilon', 1e-5)
  return Float64Array.from(scale, (gamma, c) => {
    if (gamma === 0) return shift[c]!
    return x ? (gamma * (x[c]! - mean[c]!)) / Math.sqrt(variance[c]! + epsilon) + shift[c]! : NaN
  })
}

const clip: Rule = each((x, node, network) => {
  const bound = (input: number, name: string, fallback: number) =>
    constantInput(network, node, input)?.[0] ?? number(node, name, fallback)
  return Math.min(bound(2, 'max', Infinity), Math.max(bound(1, 'min', -Infinity), x))
})

const add: Rule = (_node, look) => {
  const [a, b] = [look(0), look(1)]
  return a && b && a.length === b.length ? a.map((x, c) => x + b[c]!) : undefined
}

function concat(node: NetworkNode, look: Look, sizeOf: (tensor: string) => number): Constants | undefined {
  if (intAttribute(node, 'axis', 1) !== 1) return undefined
  const parts = node.inputs.map((input, i) => look(i) ?? new Float64Array(sizeOf(input)).fill(NaN))
  return Float64Array.from(parts.flatMap((part) => Array.from(part)))
}

/** Filters of one channel each: the constant times the sum of its filter. Approximate at padded borders. */
const depthwise: Rule = (node, look, network) => {
  const [x, weight] = [look(0), network.initializers.get(node.inputs[1]!)]
  if (!x || !weight || weight.shape[0] !== x.length) return undefined
  const [size, bias] = [weight.data.length / x.length, vector(network, node, 2)]
  return x.map((value, c) => {
    let sum = 0
    for (let i = 0; i < size; i++) sum += Number(weight.data[c * size + i])
    return value * sum + (bias?.[c] ?? 0)
  })
}

const rules: Readonly<Record<string, Rule>> = {
  BatchNormalization: batchNormalization,
  Relu: each((x) => Math.max(0, x)),
  LeakyRelu: each((x, node) => (x < 0 ? x * number(node, 'alpha', 0.01) : x)),
  Clip: clip,
  Sigmoid: each((x) => 1 / (1 + Math.exp(-x))),
  Tanh: each(Math.tanh),
  HardSigmoid: each((x, node) => Math.min(1, Math.max(0, x * number(node, 'alpha', 0.2) + number(node, 'beta', 0.5)))),
  HardSwish: each((x) => x * Math.min(1, Math.max(0, x / 6 + 0.5))),
  Add: add,
  ...Object.fromEntries(
    ['Identity', 'Dropout', 'MaxPool', 'AveragePool', 'GlobalAveragePool', 'GlobalMaxPool'].map((op) => [op, pass]),
  ),
}

/** Which channels are constant, and what. */
export function constantChannels({ network, shapes }: Coupling): ConstantChannels {
  const tensors = new Map<string, Constants>()
  const sizeOf = (tensor: string): number => Number(shapes.get(tensor)?.[1])
  for (const node of network.nodes) {
    const look: Look = (input) => tensors.get(node.inputs[input] ?? '')
    const [input, output] = [node.inputs[0]!, node.outputs[0]!]
    let values: Constants | undefined
    if (node.op === 'Flatten' || node.op === 'Reshape') values = flattened(look(0), sizeOf(output))
    else if (node.op === 'Concat') values = concat(node, look, sizeOf)
    else if (node.op === 'Conv' && !contracts(node, network)) values = depthwise(node, look, network)
    else values = rules[node.op]?.(node, look, network)
    if (values && node.domain === '' && (values.length === sizeOf(output) || sizeOf(input) === values.length))
      tensors.set(output, values)
  }
  return { tensors }
}

/** [N, C, H, W] → [N, C·H·W]: each channel's pixels follow each other. */
function flattened(values: Constants | undefined, size: number): Constants | undefined {
  if (!values || !(size > 0) || size % values.length !== 0) return undefined
  const pixels = size / values.length
  return Float64Array.from({ length: size }, (_, i) => values[Math.floor(i / pixels)]!)
}

/** Layers that can take a constant into a bias. */
const absorbs = (node: NetworkNode): boolean =>
  node.op === 'Gemm' || (node.op === 'Conv' && intAttribute(node, 'group', 1) === 1)

/** Units of a group that are constant wherever a layer sums over them, and can be absorbed there. */
export function constantUnits(coupling: Coupling, group: CoupledGroup, { tensors }: ConstantChannels): number[] {
  const names = new Set(group.contractors)
  const readers = coupling.network.nodes.filter(({ name }) => names.has(name))
  if (!readers.every(absorbs)) return []
  const read = new Set(readers.map(({ inputs }) => inputs[0]!))
  const live = new Set<number>()
  for (const { tensor, axis, units } of group.members) {
    if (!read.has(tensor)) continue
    const values = axis === 1 ? tensors.get(tensor) : undefined
    units.forEach((unit, channel) => {
      if (unit >= 0 && Number.isNaN(values?.[channel] ?? NaN)) live.add(unit)
    })
  }
  return unitsBut(group.channels, live)
}

export interface Absorbed {
  readonly network: Network
  /** Layers whose border pixels differ: the constant is not there in the zeros around the image. */
  readonly padded: readonly string[]
}

/**
 * Puts what constant channels contribute into the layers that read them, so that they can be cut: Δ_j = Σ_c s_c·Σ W_jc
 * joins the bias, or leaves the running mean of a BN that alone reads the layer (Ye et al., ICLR 2018). Exact where the
 * kernel never reaches over the border.
 * @param keep the plan that will cut them
 */
export function absorbConstants(coupling: Coupling, keep: Keep, { tensors }: ConstantChannels): Absorbed {
  const { network } = coupling
  const initializers = new Map<string, Tensor>(network.initializers)
  const cut = cutChannels(coupling, keep)
  const padded: string[] = []
  const nodes = network.nodes.map((node) => {
    const [values, channels] = [tensors.get(node.inputs[0]!), cut.get(node.inputs[0]!)]
    const weight = network.initializers.get(node.inputs[1] ?? '')
    if (!values || !channels || !weight || !absorbs(node)) return node
    const delta = contribution(node, weight, values, channels)
    if (delta.every((value) => value === 0)) return node
    if (intsAttribute(node, 'pads', []).some((pad) => pad > 0)) padded.push(node.name)
    return joined(node, delta, network, initializers)
  })
  return { network: { ...network, nodes, initializers }, padded }
}

/** Channels of each tensor that go. */
function cutChannels(coupling: Coupling, keep: Keep): Map<string, number[]> {
  const cut = new Map<string, number[]>()
  for (const { id, members } of coupling.groups) {
    const stays = keep.get(id) && new Set(keep.get(id))
    if (!stays) continue
    for (const { tensor, axis, units } of members) {
      if (axis !== 1) continue
      const own = cut.get(tensor) ?? []
      units.forEach((unit, channel) => {
        if (unit >= 0 && !stays.has(unit)) own.push(channel)
      })
      cut.set(tensor, own)
    }
  }
  return cut
}

/** Per output channel. */
function contribution(node: NetworkNode, { shape, data }: Tensor, values: Constants, channels: readonly number[]) {
  const columns = node.op === 'Gemm' && intAttribute(node, 'transB', 0) === 0
  const [outputs, inputs] = columns ? [shape[1]!, shape[0]!] : [shape[0]!, shape[1]!]
  const kernel = data.length / (outputs * inputs)
  const factor = node.op === 'Gemm' ? number(node, 'alpha', 1) : 1
  return Float64Array.from({ length: outputs }, (_, j) => {
    let sum = 0
    for (const c of channels) {
      const s = values[c]!
      if (Number.isNaN(s)) continue
      const from = columns ? c * outputs + j : (j * inputs + c) * kernel
      for (let i = 0; i < kernel; i++) sum += s * factor * Number(data[from + i])
    }
    return sum
  })
}

function joined(node: NetworkNode, delta: Float64Array, network: Network, initializers: Map<string, Tensor>) {
  const change = (name: string, by: number): void => {
    const tensor = initializers.get(name)!
    const data = Float32Array.from(tensor.data as Float32Array, (value, j) => value + by * delta[j]!)
    initializers.set(name, { ...tensor, data })
  }
  const readers = network.nodes.filter(({ inputs }) => inputs.includes(node.outputs[0]!))
  const isOutput = network.outputs.some(({ name }) => name === node.outputs[0])
  const users = (name: string): number => network.nodes.filter(({ inputs }) => inputs.includes(name)).length
  const [reader] = readers
  if (!isOutput && readers.length === 1 && reader!.op === 'BatchNormalization' && users(reader!.inputs[3]!) === 1) {
    change(reader!.inputs[3]!, -1)
    return node
  }
  const bias = initializers.get(node.inputs[2] ?? '')
  if (bias && bias.data.length === delta.length && users(node.inputs[2]!) === 1) {
    change(node.inputs[2]!, 1 / (node.op === 'Gemm' ? number(node, 'beta', 1) : 1))
    return node
  }
  // A bias of its own.
  const name = `${node.name}/absorbed`
  const known = bias
    ? Float32Array.from(delta, (value, j) => value + Number(bias.data[j % bias.data.length]))
    : undefined
  initializers.set(name, { type: 'float32', shape: [delta.length], data: known ?? Float32Array.from(delta) })
  return { ...node, inputs: [node.inputs[0]!, node.inputs[1]!, name] }
}
