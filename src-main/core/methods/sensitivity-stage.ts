import { branches, widthGrid } from '../latency/table'
import type { Widths } from '../ports'
import { lossAt, monotone, type Sensitivity } from '../search/sensitivity'
import type { LatencyKnowledge } from './latency-knowledge'
import { sceneData } from './live'
import type { SearchRequest } from './pruner-types'
import type { Recorder } from './recording'

export interface Sensitivities {
  /** Divergence of the untouched network after recalibration; already taken off the losses. */
  readonly untouched: number
  readonly groups: readonly Sensitivity[]
  /** Loss of removing a branch, by branch. */
  readonly removals: Readonly<Record<string, number>>
  /** Estimated loss of a plan that touches one group or removes one branch. */
  loss(widths: Widths): number
}

interface Probe {
  /** A group, or (kept 0) a branch. */
  readonly id: string
  readonly kept: number
  readonly widths: Widths
}

const DEFAULT_PARTS = [1 / 8, 1 / 4, 1 / 2, 3 / 4]

/** Every plan that the stage has scored, in order. */
export const sensitivityPlans = (request: SearchRequest): Widths[] => [
  {},
  ...planProbes(request, request.options?.sensitivityAt ?? DEFAULT_PARTS).map((probe) => probe.widths),
]

/** What pruning each group alone does to the network's output, at a few widths; monotone in between. */
export async function sensitivityStage(
  request: SearchRequest,
  recorder: Recorder,
  latency?: LatencyKnowledge,
): Promise<Sensitivities> {
  const { groups, onProgress, options } = request
  const probes = planProbes(request, options?.sensitivityAt ?? DEFAULT_PARTS)
  const scene = sceneData(groups, latency)
  onProgress?.('sensitivity', { done: 0, total: probes.length + 1, detail: 'the original', data: scene })
  const scores = await recorder.evaluate([{}, ...probes.map((probe) => probe.widths)], ({ divergence }, i) => {
    const probe = probes[i - 1]
    const detail = !probe ? 'the original' : `${probe.id}: ${probe.kept === 0 ? 'removed' : `${probe.kept} channels`}`
    const data = probe && { id: probe.id, kept: probe.kept, divergence }
    onProgress?.('sensitivity', { done: i + 1, total: probes.length + 1, detail, ...(data && { data }) })
  })
  const untouched = scores[0]!.divergence
  const losses = probes.map((probe, i) => ({ ...probe, loss: Math.max(0, scores[i + 1]!.divergence - untouched) }))
  const removals = Object.fromEntries(losses.flatMap(({ id, kept, loss }) => (kept === 0 ? [[id, loss]] : [])))
  const sensitivities = groups.map(({ id, channels }): Sensitivity => {
    const own = losses.filter((probe) => probe.id === id && probe.kept > 0)
    return { id, channels, points: monotone([...own, { kept: channels, loss: 0 }]) }
  })
  const byGroup = new Map(sensitivities.map((sensitivity) => [sensitivity.id, sensitivity]))
  const branchOfGroup = new Map([...branches(groups)].flatMap(([name, list]) => list.map(({ id }) => [id, name])))
  return {
    untouched,
    groups: sensitivities,
    removals,
    loss: (widths) => {
      const removed = new Set<string>()
      let sum = 0
      for (const [id, kept] of Object.entries(widths)) {
        if (kept === 0) removed.add(branchOfGroup.get(id)!)
        else sum += lossAt(byGroup.get(id)!, kept)
      }
      for (const name of removed) sum += removals[name] ?? 0
      return sum
    },
  }
}

/** Widths nearest to the given parts among those the search can choose, and removal where allowed. */
function planProbes({ groups }: SearchRequest, parts: readonly number[]): Probe[] {
  const probes: Probe[] = []
  for (const [name, list] of branches(groups)) {
    for (const { id, channels } of list) {
      const grid = widthGrid(channels)
      const nearest = (goal: number): number =>
        grid.reduce((best, kept) => (Math.abs(kept - goal) < Math.abs(best - goal) ? kept : best), grid[0]!)
      const widths = grid.length === 0 ? [] : parts.map((part) => nearest(part * channels))
      for (const kept of new Set(widths)) probes.push({ id, kept, widths: { [id]: kept } })
    }
    if (!list.some((group) => group.removable)) continue
    probes.push({ id: name, kept: 0, widths: Object.fromEntries(list.map(({ id }) => [id, 0])) })
  }
  return probes
}
