import type { Network } from '../../src-main/core/graph/network'
import type { PlanFile } from '../../src-main/core/pruning/plan'

/** A tensor of the original that plans multiply by a mask of its own graph input. */
export interface MaskPoint {
  readonly tensor: string
  readonly axis: number
  readonly rank: number
  readonly count: number
}

const maskInput = ({ tensor }: MaskPoint): string => `mask of ${tensor}`

/** The original with a Mul behind each of these tensors; the masks are further inputs, so one session serves all plans. */
export function withMasks(network: Network, points: readonly MaskPoint[]): Network {
  const at = new Map(points.map((point) => [point.tensor, point]))
  const masked = (name: string): string => (at.has(name) ? `${name} masked` : name)
  const multiply = (point: MaskPoint) => ({
    name: `mask ${point.tensor}`,
    op: 'Mul',
    domain: '',
    inputs: [point.tensor, maskInput(point)],
    outputs: [masked(point.tensor)],
    attributes: {},
  })
  const inputs = network.inputs.flatMap(({ name }) => at.get(name) ?? [])
  const nodes = network.nodes.flatMap((node) => [
    { ...node, inputs: node.inputs.map(masked) },
    ...node.outputs.flatMap((output) => at.get(output) ?? []).map(multiply),
  ])
  return {
    ...network,
    nodes: [...inputs.map(multiply), ...nodes],
    inputs: [
      ...network.inputs,
      ...points.map((point) => ({ name: maskInput(point), type: 'float32' as const, shape: maskShape(point) })),
    ],
    outputs: network.outputs.map((output) => ({ ...output, name: masked(output.name) })),
  }
}

const maskShape = ({ rank, axis, count }: MaskPoint): number[] =>
  Array.from({ length: rank }, (_, i) => (i === axis ? count : 1))

/** Values of the mask inputs for a plan; all ones without one. */
export function maskFeeds(
  points: readonly MaskPoint[],
  plan?: PlanFile,
): Map<string, { data: Float32Array; shape: number[] }> {
  const feeds = new Map(
    points.map((point) => [maskInput(point), { data: new Float32Array(point.count).fill(1), shape: maskShape(point) }]),
  )
  for (const group of plan?.groups ?? [])
    for (const { tensor, keep } of group.activations) {
      const point = points.find((candidate) => candidate.tensor === tensor)
      if (!point) throw new Error(`the plan masks ${tensor}, which is no tensor of the original`)
      const own = new Float32Array(point.count)
      for (const index of keep) own[index] = 1
      // A tensor that several groups share is cut by each.
      feeds.get(maskInput(point))!.data.forEach((value, i, data) => (data[i] = value * own[i]!))
    }
  return feeds
}
