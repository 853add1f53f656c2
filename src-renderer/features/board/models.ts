import type { JobResult } from '../../../src-main/contract'
import type { ChartModel } from '../../../src-main/core/charts/model'
import { plainState } from '../../../src-main/core/device-state'
import { quantile } from '../../../src-main/core/statistics/robust'
import { milliseconds } from '../../format'

type Profile = JobResult<'profile'>
type StaircaseLayer = JobResult<'staircase'>['layers'][number]

const short = (value: number): string => String(Number(value.toPrecision(4)))

/** Bins by Freedman and Diaconis' rule (1981), between 8 and 60. */
export function histogram(samples: readonly number[]): {
  readonly from: number
  readonly width: number
  readonly counts: number[]
} {
  if (samples.length === 0) return { from: 0, width: 1, counts: [] }
  const [low, high] = [quantile(samples, 0), quantile(samples, 1)]
  const spread = quantile(samples, 0.75) - quantile(samples, 0.25)
  const wanted = spread > 0 ? (high - low) / ((2 * spread) / Math.cbrt(samples.length)) : 12
  const bins = Math.max(8, Math.min(60, Math.ceil(wanted)))
  const width = (high - low) / bins || Math.max(1e-9, Math.abs(high) * 1e-3)
  const counts = new Array<number>(bins).fill(0)
  for (const sample of samples) counts[Math.min(bins - 1, Math.floor((sample - low) / width))]!++
  return { from: low, width, counts }
}

/** How the samples scatter; the table has every one of them. */
export function histogramModel({ samples, median, mad, p95, p99, discarded }: Profile): ChartModel {
  const { from, width, counts } = histogram(samples)
  const decimals = Math.max(0, Math.min(4, Math.ceil(-Math.log10(width))))
  const left = (i: number): string => (from + i * width).toFixed(decimals)
  const place = (value: number): number => (value - from) / width - 0.5
  return {
    title: 'Latency',
    summary: `Histogram of ${samples.length} samples: median ${milliseconds(median, mad)}, MAD ${milliseconds(mad, mad / 3)}, 95 % below ${milliseconds(p95, mad)}${discarded > 0 ? `; ${discarded} disturbed samples discarded` : ''}.`,
    x: { label: 'latency, ms', categories: counts.map((_, i) => left(i)) },
    y: { label: 'samples', text: short },
    series: [{ name: 'samples', kind: 'bars', colour: 'candidate', x: counts.map((_, i) => i), y: counts }],
    marks: [
      { axis: 'x', at: Math.round(place(median)), label: 'median' },
      {
        axis: 'x',
        at: Math.round(place(Math.min(p99, from + width * counts.length))),
        label: 'p99',
        colour: 'baseline',
      },
    ],
    table: () => ({ columns: ['sample', 'latency, ms'], rows: samples.map((sample, i) => [i + 1, sample]) }),
  }
}

const mostLayers = 30

/** Where the time goes; the longest layers. */
export function layersModel({ layers }: Profile): ChartModel {
  const longest = new Set([...layers].sort((a, b) => b.median - a.median).slice(0, mostLayers))
  const shown = layers.filter((layer) => longest.has(layer))
  return {
    title: 'Time per layer',
    summary: `Time of ${layers.length} layers, ${short(layers.reduce((sum, { median }) => sum + median, 0))} ms together; the longest is ${[...longest][0]?.name ?? 'none'}.`,
    x: { label: 'layer', categories: shown.map(({ name }) => name) },
    y: { label: 'time, ms', text: short },
    series: [
      {
        name: 'median',
        kind: 'bars',
        colour: 'candidate',
        x: shown.map((_, i) => i),
        y: shown.map(({ median }) => median),
      },
    ],
    lying: true,
    table: () => ({
      columns: ['layer', 'operator', 'group', 'ms'],
      rows: layers.map(({ name, op, group, median }) => [name, op, group ?? '', median]),
    }),
  }
}

/** A group's staircase: the network's latency with this group alone at each width, with the noise of each point. */
export function staircaseModel({ name, group, points, steps, alike }: StaircaseLayer): ChartModel {
  const own = points.filter(({ cout }) => cout > 0)
  const sentinel = own.at(-1)
  const error = (at: (typeof own)[number]): number => (at.noise / at.ratio) * at.median
  return {
    title: `Staircase of ${group}`,
    summary: `Latency over ${own.length} widths of ${name}${alike > 1 ? ` (and ${alike - 1} alike)` : ''}: ${steps.length} steps, from ${short(own[0]?.median ?? 0)} to ${short(sentinel?.median ?? 0)} ms.`,
    x: { label: 'channels', text: short },
    y: { label: 'latency of the network, ms', text: short },
    series: [
      {
        ...{ name: 'measured', kind: 'dots', colour: 'measured', intervals: 'y' },
        x: own.map(({ cout }) => cout),
        y: own.map(({ median }) => median),
        low: own.map((point) => point.median - 2 * error(point)),
        high: own.map((point) => point.median + 2 * error(point)),
      },
    ],
    marks: steps.map(({ from, to, kind, saved }) => ({
      axis: 'x' as const,
      at: (from + to) / 2,
      label: `${kind === 'step' ? '' : '▲ '}${Math.abs(saved).toPrecision(2)} ms`,
      ...(kind === 'penalty' && { colour: 'attention' as const }),
    })),
    table: () => ({
      columns: ['channels in', 'channels', 'median, ms', 'MAD, ms', 'of the original', 'standard error'],
      rows: points.map(({ cin, cout, median, mad, ratio, noise }) => [cin, cout, median, mad, ratio, noise]),
    }),
  }
}

/** A board's state as lines: "freeMemory" → "Free memory". What is no plain figure or text is left out. */
export function stateRows(given: Record<string, unknown>, then: Record<string, unknown>): [string, string, string][] {
  const [before, after] = [plainState(given), plainState(then)]
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return names.flatMap((name): [string, string, string][] => {
    const [one, two] = [shown(name, before[name]), shown(name, after[name])]
    return one === '' && two === '' ? [] : [[label(name), one, two]]
  })
}

const labels: Readonly<Record<string, string>> = {
  clocks: 'Clocks, MHz',
  temperatures: 'Temperatures, °C',
  temperature: 'Temperature, °C',
  governor: 'Governor',
  load: 'Load',
  freeMemory: 'Free memory',
  throttled: 'Throttled',
}
const label = (name: string): string => labels[name] ?? name.replaceAll(/([A-Z])/g, ' $1').toLowerCase()

function shown(name: string, value: unknown): string {
  if (typeof value === 'number') return name === 'freeMemory' ? `${(value / 1e9).toFixed(1)} GB` : short(value)
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (Array.isArray(value))
    return value
      .filter((one) => ['number', 'string'].includes(typeof one))
      .map((one) => shown('', one))
      .join(', ')
  return ''
}
