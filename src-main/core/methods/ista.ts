import type { CoupledGroup, Coupling } from '../coupling/groups'
import { elementCount, type Network } from '../graph/network'
import { batchScales } from '../pruning/criteria'
import { multiplied, type AxisFactors } from './filters/masks'

/**
 * λ_l of each BN scale (Ye et al., ICLR 2018, "memory"): what a channel of layer l holds, over the image's pixels:
 * its own filter k_l²·c_{l−1}, its part of the layers that read it Σ k²·c, and its feature map H·W.
 * @returns strength per scale's initializer, to be multiplied by ρ
 */
export function memoryPenalties(coupling: Coupling, groups: readonly CoupledGroup[]): Map<string, number> {
  const { network, shapes } = coupling
  const [, , ...image] = shapes.get(network.inputs[0]!.name) ?? []
  const pixels = image.reduce<number>((product, dim) => product * Number(dim), 1)
  const penalties = new Map<string, number>()
  for (const group of groups) {
    const layers = new Set([...group.producers, ...group.contractors])
    let filters = 0
    for (const { tensor, input, node, units } of group.constants) {
      if (input !== 1 || !layers.has(node)) continue
      // A flattened channel has many places in a dense layer.
      const places = units.reduce((count, unit) => count + (unit >= 0 ? 1 : 0), 0) / group.channels
      filters += (elementCount(network.initializers.get(tensor)!.shape) / units.length) * places
    }
    for (const { tensor, node } of batchScales(network, group)) {
      const output = network.nodes.find(({ name }) => name === node)!.outputs[0]!
      const map = (shapes.get(output) ?? []).slice(2).reduce<number>((product, dim) => product * Number(dim), 1)
      penalties.set(tensor, (filters + map) / pixels)
    }
  }
  return penalties
}

/** Ops through which a factor on their input is the same factor on their output. */
const homogeneous = new Set([
  ...['Relu', 'LeakyRelu', 'MaxPool', 'AveragePool', 'GlobalAveragePool', 'GlobalMaxPool', 'Flatten', 'Reshape'],
  ...['Identity', 'Dropout', 'Slice', 'Concat'],
])

/**
 * γ ← α·γ, β ← α·β and the weights of the layers that read them ← W/α: the same function, with scales that a penalty
 * brings to zero sooner. For groups that go through one BN and nothing behind it but what a factor passes.
 */
export function rescaled(network: Network, groups: readonly CoupledGroup[], alpha: number): Network {
  const factors = new Map<string, AxisFactors>()
  const multiply = ({ tensor, axis, units }: CoupledGroup['constants'][number], by: number): void => {
    const own = factors.get(tensor)?.factors ?? new Float64Array(units.length).fill(1)
    units.forEach((unit, i) => {
      if (unit >= 0) own[i]! *= by
    })
    factors.set(tensor, { axis, factors: own })
  }
  for (const group of groups.filter((each) => canRescale(network, each))) {
    const [norm] = batchScales(network, group)
    for (const use of group.constants) {
      if (use.node === norm!.node && use.input <= 2) multiply(use, alpha)
      if (use.side === 'in') multiply(use, 1 / alpha)
    }
  }
  return multiplied(network, factors)
}

function canRescale(network: Network, group: CoupledGroup): boolean {
  const norms = batchScales(network, group)
  if (norms.length !== 1 || norms[0]!.units.some((unit) => unit < 0)) return false
  const inside = new Set(group.members.map(({ tensor }) => tensor))
  const start = network.nodes.findIndex(({ name }) => name === norms[0]!.node)
  const readers = new Set(group.contractors)
  return (
    group.constants.every(({ side, parts }) => side !== 'in' || parts === 1) &&
    network.nodes.every(
      ({ name, op, inputs }, i) =>
        i <= start || !inputs.some((input) => inside.has(input)) || readers.has(name) || homogeneous.has(op),
    )
  )
}
