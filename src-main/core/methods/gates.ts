import type { CoupledGroup, GroupConstant } from '../coupling/groups'
import type { Random } from '../ports'
import type { Importance } from '../pruning/criteria'
import { unitMeans } from '../pruning/units'
import type { Network, NetworkNode, Tensor } from '../graph/network'

/** The squeeze-and-excitation block behind one convolution. */
export interface Gate {
  readonly group: string
  /** The gate's output: [N, C, 1, 1], in (0, 1). */
  readonly tensor: string
  /** The convolution's weight, and the unit of the group that each of its filters makes. */
  readonly weight: string
  readonly units: Int32Array
}

export interface Gated {
  readonly network: Network
  readonly gates: readonly Gate[]
}

const REDUCTION = 16

/**
 * Squeeze-and-excitation blocks (Hu et al., CVPR 2018) between each convolution that makes a group's channels and what
 * follows, as UCP has them before BN (Chang et al., JIFS 2021): global pooling, C → C/16 → C without biases, sigmoid;
 * one hidden unit with biases where C ≤ 16. Their places in ILSVRC's networks (behind BN or ReLU) are its authors'; that
 * it is before BN everywhere is our reading.
 */
export function insertGates(network: Network, groups: readonly CoupledGroup[], random: Random): Gated {
  const initializers = new Map<string, Tensor>(network.initializers)
  const gates: Gate[] = []
  const wanted = new Map<string, { group: CoupledGroup; use: GroupConstant }>()
  for (const group of groups) for (const use of filtersOf(network, group)) wanted.set(use.node, { group, use })
  const nodes = network.nodes.flatMap((node): NetworkNode[] => {
    const own = wanted.get(node.name)
    if (!own) return [node]
    const { use, group } = own
    const [output, count] = [node.outputs[0]!, use.units.length]
    const name = `${node.name}/gate`
    const hidden = count <= REDUCTION ? 1 : Math.floor(count / REDUCTION)
    const layer = (suffix: string, input: string, from: number, to: number): NetworkNode => {
      const deviation = Math.sqrt(2 / from)
      const data = Float32Array.from({ length: to * from }, () => random.normal() * deviation)
      initializers.set(`${name}.${suffix}.weight`, { type: 'float32', shape: [to, from, 1, 1], data })
      const inputs = [input, `${name}.${suffix}.weight`]
      if (count <= REDUCTION) {
        initializers.set(`${name}.${suffix}.bias`, { type: 'float32', shape: [to], data: new Float32Array(to) })
        inputs.push(`${name}.${suffix}.bias`)
      }
      const attributes = { kernel_shape: [1, 1], strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], group: 1 }
      return { ...plain('Conv', `${name}.${suffix}`, inputs), attributes }
    }
    const pool = plain('GlobalAveragePool', `${name}.pool`, [`${output}/ungated`])
    const squeeze = layer('squeeze', pool.outputs[0]!, count, hidden)
    const relu = plain('Relu', `${name}.relu`, squeeze.outputs)
    const excite = layer('excite', relu.outputs[0]!, hidden, count)
    const sigmoid = plain('Sigmoid', `${name}.sigmoid`, excite.outputs)
    gates.push({ group: group.id, tensor: sigmoid.outputs[0]!, weight: use.tensor, units: use.units })
    const product = { ...plain('Mul', name, [`${output}/ungated`, sigmoid.outputs[0]!]), outputs: [output] }
    return [{ ...node, outputs: [`${output}/ungated`] }, pool, squeeze, relu, excite, sigmoid, product]
  })
  return { network: { ...network, nodes, initializers }, gates }
}

const plain = (op: string, name: string, inputs: readonly string[]): NetworkNode => ({
  ...{ name, op, domain: '', inputs, attributes: {} },
  outputs: [`${name}_out`],
})

/** Weights of the convolutions that make a group's channels. */
const filtersOf = (network: Network, group: CoupledGroup): GroupConstant[] =>
  group.constants.filter(
    ({ node, input, side }) =>
      input === 1 &&
      side === 'out' &&
      group.producers.includes(node) &&
      network.nodes.some(({ name, op }) => name === node && op === 'Conv'),
  )

/** Groups that gates can judge. */
export const canBeGated = (network: Network, group: CoupledGroup): boolean => filtersOf(network, group).length > 0

/** Mean gate of each unit, over the convolutions that make it. @param means tensor → mean over images per channel */
export function gateScores(group: CoupledGroup, gates: readonly Gate[], means: ReadonlyMap<string, Importance>) {
  const own = gates.filter((gate) => gate.group === group.id)
  return unitMeans(
    group.channels,
    own.map(({ tensor, units }) => ({ units, values: means.get(tensor)! })),
  )
}

/** How many units score more than (1 + λ) times their layer's mean; one at least. */
export function aboveMean(scores: Importance, lambda: number): number {
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length
  return Math.max(1, scores.filter((score) => score > (1 + lambda) * mean).length)
}

/** The network before the gates, with the weights trained with them: filters times their mean gate. */
export function withoutGates(
  original: Network,
  trained: Network,
  gates: readonly Gate[],
  means: ReadonlyMap<string, Importance>,
): Network {
  const initializers = new Map<string, Tensor>()
  for (const name of original.initializers.keys())
    initializers.set(name, trained.initializers.get(name) ?? original.initializers.get(name)!)
  for (const { weight, tensor, units } of gates) {
    const { data, ...rest } = initializers.get(weight)!
    const size = data.length / units.length
    const mean = means.get(tensor)!
    const folded = Float32Array.from(data as Float32Array, (value, i) => value * mean[Math.floor(i / size)]!)
    initializers.set(weight, { ...rest, data: folded })
  }
  return { ...original, initializers }
}

/** Fresh weights, He-normal (He et al., ICCV 2015), BN at its beginning: what is trained from scratch. */
export function fromScratch(network: Network, random: Random): Network {
  const initializers = new Map<string, Tensor>(network.initializers)
  const set = (name: string | undefined, value: (tensor: Tensor) => number): void => {
    const tensor = name ? initializers.get(name) : undefined
    if (!tensor || tensor.type !== 'float32') return
    initializers.set(name!, { ...tensor, data: Float32Array.from(tensor.data, () => value(tensor)) })
  }
  for (const { op, inputs, attributes } of network.nodes) {
    if (op === 'BatchNormalization') [1, 0, 0, 1].forEach((value, i) => set(inputs[i + 1], () => value))
    if (op !== 'Conv' && op !== 'Gemm') continue
    const { shape } = initializers.get(inputs[1]!) ?? { shape: [1] }
    const size = shape.reduce((a, b) => a * b, 1)
    const deviation = Math.sqrt(2 / (size / shape[op === 'Gemm' && !attributes['transB'] ? 1 : 0]!))
    set(inputs[1], () => random.normal() * deviation)
    set(inputs[2], () => 0)
  }
  return { ...network, initializers }
}
