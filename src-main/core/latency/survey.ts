import type { LatencyMeasurement, Widths } from '../ports'
import { median } from '../statistics/robust'
import { buildTable, type MeasuredPoint } from './staircase'
import {
  type LatencyGroup,
  type LatencyTable,
  type PlannedPoint,
  planTable,
  type Staircase,
  type MacsFraction,
} from './table'

export interface SurveyOptions {
  readonly macs?: MacsFraction
  /** Most widths per signature in the first pass. Default 64. */
  readonly widths?: number
  /** As `widths`, for signatures that a single group has: its steps are a small part of the network. */
  readonly lone?: number
  /** Passes after the first, where it left something open. Default 3; for steps near `resolution` 16 and more. */
  readonly refinements?: number
  /** A step of this fraction of the network's latency must not be missed: measured until it is found or ruled out. */
  readonly resolution?: number
  readonly onProgress?: (done: number, total: number, detail: string) => void
}

export interface Survey {
  readonly table: LatencyTable
  readonly points: readonly MeasuredPoint[]
  /** Networks measured, repetitions counted. */
  readonly measured: number
}

/** Measures variants; the same variant with another repetition is a new sample. */
export type Measure = (variants: readonly Widths[], repetition: number) => Promise<LatencyMeasurement[]>

/**
 * The staircases of a network: every width where that is few, else the neighbours of multiples of 8 (or more) and then,
 * by bisection, where between them it jumps. Points that a step hangs on and that their noise leaves in doubt are
 * measured again, and pooled.
 * @throws whatever `measure` throws
 */
export async function survey(
  groups: readonly LatencyGroup[],
  measure: Measure,
  options: SurveyOptions = {},
): Promise<Survey> {
  const { macs, widths = 64, lone = widths, refinements = 3, resolution = 0.005, onProgress } = options
  const alike = new Map<string, number>()
  for (const { signature } of groups) alike.set(signature, (alike.get(signature) ?? 0) + 1)
  let wanted = planTable(groups, {
    grid: ({ channels, signature }) => surveyWidths(channels, alike.get(signature)! > 1 ? widths : lone),
  })
  const points = new Map<string, MeasuredPoint>()
  const build = (): LatencyTable => buildTable(groups, [...points.values()], macs ? { macs } : {})
  let [measured, table] = [0, build()]
  for (let pass = 0; pass <= refinements && wanted.length > 0; pass++) {
    onProgress?.(measured, measured + wanted.length, pass === 0 ? 'staircases' : 'steps in doubt')
    const values = await measure(
      wanted.map((point) => point.widths),
      pass,
    )
    wanted.forEach((point, i) => {
      const before = points.get(keyOf(point))?.measurement
      points.set(keyOf(point), { point, measurement: before ? pool(before, values[i]!) : values[i]! })
    })
    measured += wanted.length
    onProgress?.(measured, measured, 'staircases')
    table = build()
    wanted = openPoints(groups, table, resolution)
  }
  return { table, points: [...points.values()], measured }
}

const keyOf = ({ signature, kept }: PlannedPoint): string => `${signature}@${kept}`

/** All widths below `channels` where they are at most `most`, else pairs (m, m + 1) around multiples of a power of two. */
export function surveyWidths(channels: number, most: number): number[] {
  if (channels - 1 <= most) return Array.from({ length: channels - 1 }, (_, i) => i + 1)
  let block = 4
  while ((2 * channels) / block > most && block < channels) block *= 2
  const widths = new Set<number>([1])
  for (let m = block; m < channels; m += block) widths.add(m).add(m + 1)
  return [...widths].filter((kept) => kept < channels).sort((a, b) => a - b)
}

/** Two measurements of one variant as one. */
export function pool(a: LatencyMeasurement, b: LatencyMeasurement): LatencyMeasurement {
  const [n, m] = [a.samples ?? 1, b.samples ?? 1]
  const mix = (x: number, y: number): number => (n * x + m * y) / (n + m)
  return {
    ratio: mix(a.ratio, b.ratio),
    median: mix(a.median, b.median),
    mad: mix(a.mad, b.mad),
    samples: n + m,
  }
}

/** Standard errors of a difference beyond which there is no doubt about it. */
const certain = 5

/** What a pass has left open: widths between the two sides of a step, and points in doubt. */
function openPoints(groups: readonly LatencyGroup[], table: LatencyTable, resolution: number): PlannedPoint[] {
  const open = new Map<string, Set<number>>()
  for (const [signature, staircase] of Object.entries(table.staircases))
    open.set(signature, openWidths(staircase, resolution))
  return planTable(groups, {
    grid: ({ signature }) => [...open.get(signature)!].sort((a, b) => a - b),
    removals: false,
  })
}

function openWidths({ channels, points, steps }: Staircase, resolution: number): Set<number> {
  const open = new Set<number>()
  const list = points.filter(({ kept }) => kept > 0)
  const stepAt = new Set(steps.map((step) => step.from))
  // What every channel costs anyway is no step, and hides one that goes the other way.
  const pairs = list
    .slice(1)
    .flatMap((wide, i) => (wide.kept - list[i]!.kept === 1 ? [wide.ratio - list[i]!.ratio] : []))
  const slope = pairs.length > 0 ? median(pairs) : 0
  list.slice(1).forEach((wide, i) => {
    const narrow = list[i]!
    const doubt = certain * Math.hypot(wide.noise, narrow.noise)
    const difference = Math.abs(wide.ratio - narrow.ratio - slope)
    if (wide.kept - narrow.kept > 1) {
      if (stepAt.has(wide.kept)) open.add((wide.kept + narrow.kept) >> 1)
    } else if (difference < doubt && difference + doubt > resolution) open.add(wide.kept).add(narrow.kept)
  })
  open.delete(channels)
  return open
}
