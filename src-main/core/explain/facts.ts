import type { Coupling } from '../coupling/groups'
import type { Network } from '../graph/network'
import type { Keep } from '../pruning/widths'
import { criticalLayers } from './critical-path'
import { type KernelTime, type Layer, layersOf, ownersOf, placeKernels, type PlacedKernel } from './layers'

/** A layer in one of the two networks. */
export interface LayerSide {
  readonly macs: number
  readonly bytes: number
  /** ms; the sum of its kernels. */
  readonly ms: number
  /** Standard error of `ms`. */
  readonly noise: number
  readonly kernels: readonly PlacedKernel[]
}

/** A coupled group whose channels a layer makes, reads, or carries. */
export interface LayerGroup {
  readonly id: string
  readonly channels: number
  /** 0 = its residual branch was removed. */
  readonly kept: number
  /** Why it could not be pruned, or was not by default. */
  readonly fixed: string | undefined
}

export interface LayerFacts {
  readonly name: string
  readonly op: string
  readonly before: LayerSide
  readonly after: LayerSide
  /** The layer itself is gone. */
  readonly removed: boolean
  /** What it makes first, then what it reads. */
  readonly groups: readonly LayerGroup[]
  /** Does the end of the pruned network's inference wait for it? */
  readonly critical: boolean
}

export interface TimedNetwork {
  readonly network: Network
  readonly kernels: readonly KernelTime[]
}

/**
 * Both networks' layers side by side, in the order of the original; layers that only the pruned network has come last.
 * @param original with its coupling
 * @param streams branches the device runs at the same time
 */
export function gatherFacts(
  original: TimedNetwork & { readonly coupling: Coupling },
  result: TimedNetwork,
  keep: Keep,
  streams: number,
): LayerFacts[] {
  const layersBefore = layersOf(original.network)
  const layersAfter = layersOf(result.network, ownersOf(layersBefore))
  const before = sides(original, layersBefore)
  const after = sides(result, layersAfter)
  const ms = new Map([...after].map(([node, side]) => [node, side.ms]))
  const critical = criticalLayers(result.network, layersAfter, ms, streams)
  const nodesLeft = new Set(result.network.nodes.map(({ name }) => name))
  const known = new Set(layersBefore.map(({ node }) => node))
  return [...layersBefore, ...layersAfter.filter(({ node }) => !known.has(node))].map(({ node, name, op }) => ({
    ...{ name, op, before: before.get(node) ?? nothing, after: after.get(node) ?? nothing },
    removed: !nodesLeft.has(node),
    groups: groupsOf(node, original.coupling, keep),
    critical: critical.has(node),
  }))
}

const nothing: LayerSide = { macs: 0, bytes: 0, ms: 0, noise: 0, kernels: [] }

function sides({ network, kernels }: TimedNetwork, layers: readonly Layer[]): Map<string, LayerSide> {
  const placed = placeKernels(network, layers, kernels)
  return new Map(
    layers.map(({ node, macs, bytes }) => {
      const own = placed.filter(({ layer }) => layer === node)
      const ms = own.reduce((sum, kernel) => sum + kernel.median, 0)
      const noise = Math.hypot(...own.map((kernel) => kernel.noise ?? 0))
      return [node, { macs, bytes, ms, noise, kernels: own }]
    }),
  )
}

function groupsOf(node: string, { groups }: Coupling, keep: Keep): LayerGroup[] {
  const made = groups.filter(({ producers }) => producers.includes(node))
  const touched = groups.filter(
    (group) =>
      group.contractors.includes(node) ||
      group.constants.some((constant) => constant.node === node && constant.input === 1),
  )
  return [...new Set([...made, ...touched])].map(({ id, channels, why, stream }) => ({
    ...{ id, channels, kept: keep.get(id)?.length ?? channels },
    fixed: why ?? (stream ? 'is a residual stream' : undefined),
  }))
}
