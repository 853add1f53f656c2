import { fail } from '../failure'
import type { CoupledGroup } from '../coupling/groups'
import type { Network, NetworkNode, Tensor } from '../graph/network'
import { intAttribute } from '../graph/network'

/** Importance per unit of a group; higher stays longer. */
export type Importance = Float64Array

/**
 * Importance of every unit of a group.
 *
 * Coupled members are joined by their mean: each producing layer's scores are scaled to mean 1 over the group, so that
 * a layer with large weights does not outvote the others, then averaged per unit.
 *
 * @throws LupineError 'criterion-unknown'
 */
export function scoreUnits(network: Network, group: CoupledGroup, criterion: string): Importance {
  const score = criteria[criterion]
  if (!score)
    throw fail(
      'usage',
      'criterion-unknown',
      `There is no importance criterion "${criterion}".`,
      `Use one of: ${Object.keys(criteria).join(', ')}.`,
    )
  const total = new Float64Array(group.channels)
  const counts = new Float64Array(group.channels)
  for (const name of group.producers) {
    const node = network.nodes.find((candidate) => candidate.name === name)!
    const member = group.members.find(({ tensor }) => tensor === node.outputs[0])
    const scores = score(network, node)
    if (!member || !scores) continue
    const mean = scores.reduce((sum, value) => sum + value, 0) / scores.length || 1
    member.units.forEach((unit, channel) => {
      if (unit < 0) return
      total[unit]! += scores[channel]! / mean
      counts[unit]! += 1
    })
  }
  return total.map((sum, unit) => (counts[unit] ? sum / counts[unit]! : 0))
}

type Criterion = (network: Network, node: NetworkNode) => Float64Array | undefined

/** Norm of each output channel's filter: Conv weights are [M, C, k…], Gemm's [N, K] or [K, N], MatMul's [K, N]. */
const filterNorm =
  (power: 1 | 2): Criterion =>
  (network, node) => {
    const weight = network.initializers.get(node.inputs[1] ?? '')
    if (!weight) return undefined
    const { count, stride, length, step } = filters(weight, node)
    return Float64Array.from({ length: count }, (_, channel) => {
      let sum = 0
      for (let i = 0; i < length; i++) sum += Math.abs(Number(weight.data[channel * stride + i * step])) ** power
      return power === 2 ? Math.sqrt(sum) : sum
    })
  }

function filters(weight: Tensor, node: NetworkNode) {
  const [first, ...rest] = weight.shape as [number, ...number[]]
  const inner = rest.reduce((a, b) => a * b, 1)
  const columns = node.op === 'MatMul' || (node.op === 'Gemm' && !intAttribute(node, 'transB', 0))
  return columns
    ? { count: inner, stride: 1, length: first, step: inner }
    : { count: first, stride: inner, length: inner, step: 1 }
}

/** By name, as on the command line. L1: Li et al., ICLR 2017; L2: He et al., IJCAI 2018. */
export const criteria: Readonly<Record<string, Criterion>> = { l1: filterNorm(1), l2: filterNorm(2) }
