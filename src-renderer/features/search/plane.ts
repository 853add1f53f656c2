import { linearScale, logScale, type Scale } from '../../../src-main/core/charts/scale'
import { extent } from '../../../src-main/core/charts/model'
import type { Candidates } from '../../stores/candidates'
import type { SearchView } from '../../stores/search-view'

/** What the plane's upright axis shows: up is better in either case. */
export type PlaneAxis = 'divergence' | 'top1'

export interface PlaneBox {
  readonly width: number
  readonly height: number
}

export const margin = { left: 62, right: 14, top: 10, bottom: 38 } as const

export interface PlaneScales {
  /** Of latency ratios. */
  readonly x: Scale
  readonly y: Scale
  /** ms of the original, when known: ticks are its. */
  readonly unit: number | undefined
}

export interface PlaneLook {
  readonly axis: PlaneAxis
  /** Latency of the original, ms. */
  readonly unit: number | undefined
  readonly budget: number | undefined
  /** Whether the original's latency is to be on the axis. */
  readonly whole: boolean
}

/** What is drawn upright of a candidate; NaN where it is not known. */
export const heightOf = (candidates: Candidates, index: number, axis: PlaneAxis): number =>
  axis === 'top1' ? candidates.columns.top1[index]! : Math.max(leastDivergence, candidates.columns.fitness[index]!)

/** A logarithmic axis has no place for 0. */
const leastDivergence = 1e-6

/** Scales that show every candidate; round, so that they seldom change while the pack moves. */
export function planeScales({ candidates }: SearchView, look: PlaneLook, box: PlaneBox): PlaneScales {
  const { count, columns } = candidates
  const part = (column: Float64Array): Float64Array => column.subarray(0, count)
  const [low, high] = extent([part(columns.latency), part(columns.measured), numbers(look.budget)]) ?? [0.5, 1]
  const unit = look.unit ?? 1
  const [left, right] = [margin.left, box.width - margin.right]
  const x = linearScale(low * unit, (look.whole ? Math.max(1, high) : high) * unit, left, right, (right - left) / 80)
  const [top, bottom] = [margin.top, box.height - margin.bottom]
  const heights = extent([part(look.axis === 'top1' ? columns.top1 : columns.fitness)])
  const y =
    look.axis === 'top1'
      ? linearScale(...((heights ?? [0, 1]) as [number, number]), bottom, top, 5)
      : logScale(
          Math.max(leastDivergence, heights?.[0] ?? 0.01),
          Math.max(leastDivergence, heights?.[1] ?? 1),
          top,
          bottom,
        )
  return {
    x: Object.assign((ratio: number) => x(ratio * unit), { ticks: x.ticks.map((tick) => tick / unit) }),
    y,
    unit: look.unit,
  }
}

const numbers = (value: number | undefined): number[] => (value === undefined ? [] : [value])

/** The ratio at a place of the horizontal axis. */
export function ratioAtPlace({ x }: PlaneScales, place: number): number {
  const [first, last] = [x.ticks[0]!, x.ticks.at(-1)!]
  return first + ((place - x(first)) / (x(last) - x(first))) * (last - first)
}

/** Whether a candidate meets a budget: by measurement where there is one, else with the predictor's margin. */
export const isFeasible = (candidates: Candidates, index: number, budget: number | undefined, reserve = 0): boolean =>
  budget === undefined || candidates.latency(index) + (candidates.isMeasured(index) ? 0 : reserve) <= budget + 1e-12

/** The candidate nearest to a place, within `reach` px; of equals the one that is drawn on top. */
export function nearest(
  candidates: Candidates,
  scales: PlaneScales,
  axis: PlaneAxis,
  place: { readonly x: number; readonly y: number },
  reach = 14,
): number | undefined {
  let best: number | undefined
  let least = reach * reach
  for (let index = 0; index < candidates.count; index++) {
    const dx = scales.x(candidates.latency(index)) - place.x
    // Most are too far to the side: no logarithm for them.
    if (dx > reach || dx < -reach) continue
    const dy = scales.y(heightOf(candidates, index, axis)) - place.y
    const distance = dx * dx + dy * dy - (candidates.isMeasured(index) ? 9 : 0)
    if (distance <= least) [least, best] = [distance, index]
  }
  return best
}

/** How many candidates meet the budget, and the best of them: of those measured if there are any. */
export function feasibleOf(
  candidates: Candidates,
  budget: number | undefined,
  reserve = 0,
): { readonly count: number; readonly best: number | undefined } {
  const { fitness } = candidates.columns
  let count = 0
  let best: number | undefined
  let bestMeasured: number | undefined
  for (let index = 0; index < candidates.count; index++) {
    if (!isFeasible(candidates, index, budget, reserve)) continue
    count++
    if (best === undefined || fitness[index]! < fitness[best]!) best = index
    if (!candidates.isMeasured(index)) continue
    if (bestMeasured === undefined || fitness[index]! < fitness[bestMeasured]!) bestMeasured = index
  }
  return { count, best: bestMeasured ?? best }
}

/** Measured candidates that no other measured one beats in both, by rising latency. */
export function measuredFront(candidates: Candidates): number[] {
  const { measured, fitness } = candidates.columns
  const all: number[] = []
  for (let index = 0; index < candidates.count; index++) if (candidates.isMeasured(index)) all.push(index)
  all.sort((a, b) => measured[a]! - measured[b]! || fitness[a]! - fitness[b]!)
  const front: number[] = []
  for (const index of all) if (front.length === 0 || fitness[index]! < fitness[front.at(-1)!]!) front.push(index)
  return front
}
