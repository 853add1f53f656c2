import type { ChartModel } from './model'

/** Top-1 of a class, before and after. */
export interface ClassChange {
  readonly name: string
  readonly images: number
  readonly before: number
  readonly after: number
}

/** More classes than that are told by the table. */
const mostClasses = 20

const percent = (value: number): string => `${(value * 100).toFixed(1)} %`
const points = (value: number): string => `${value > 0 ? '+' : value < 0 ? '−' : ''}${Math.abs(value * 100).toFixed(1)}`

/** What pruning changed class by class, in points; the classes that lost most first. */
export function classChangeModel(classes: readonly ClassChange[]): ChartModel {
  const sorted = [...classes].sort((a, b) => a.after - a.before - (b.after - b.before))
  const half = mostClasses / 2
  // The ends are what matters when there are too many: those that lost most, and those that won most.
  const shown = sorted.length <= mostClasses ? sorted : [...sorted.slice(0, half), ...sorted.slice(-half)]
  const change = shown.map(({ before, after }) => (after - before) * 100)
  const [worst] = sorted
  const at = shown.map((_, i) => i)
  const part = (keep: (value: number) => boolean): number[] => change.map((value) => (keep(value) ? value : NaN))
  return {
    title: 'Change per class',
    summary: worst
      ? `Change of top-1 per class in points, ${classes.length} classes; ${worst.name} changed most for the worse, by ${points(worst.after - worst.before)}.`
      : 'Change of top-1 per class; none known.',
    x: { label: 'class', categories: shown.map(({ name }) => name) },
    y: { label: 'change of top-1, points', text: (value) => points(value / 100) },
    series: [
      { name: 'lost', kind: 'bars', colour: 'leader', x: at, y: part((value) => value < 0) },
      { name: 'won', kind: 'bars', colour: 'measured', x: at, y: part((value) => value >= 0) },
    ],
    stacked: true,
    lying: true,
    table: () => ({
      columns: ['class', 'images', 'original', 'result', 'change, points'],
      rows: sorted.map(({ name, images, before, after }) => [
        name,
        images,
        percent(before),
        percent(after),
        points(after - before),
      ]),
    }),
  }
}

/** ms of a layer, before and after. */
export interface LayerChange {
  readonly name: string
  readonly before: number
  readonly after: number
}

const mostLayers = 24

/** Where the time goes, before and after; the layers that take longest. */
export function layerTimesModel(layers: readonly LayerChange[]): ChartModel {
  const longest = new Set([...layers].sort((a, b) => b.before - a.before).slice(0, mostLayers))
  const shown = layers.filter((layer) => longest.has(layer))
  const at = shown.map((_, i) => i)
  const sum = (side: 'before' | 'after'): number => layers.reduce((all, layer) => all + layer[side], 0)
  return {
    title: 'Time per layer',
    summary: `Time of ${layers.length} layers before and after: ${sum('before').toPrecision(3)} ms and ${sum('after').toPrecision(3)} ms together.`,
    x: { label: 'layer', categories: shown.map(({ name }) => name) },
    y: { label: 'time, ms', text: (value) => String(Number(value.toPrecision(3))) },
    series: [
      { name: 'original', kind: 'bars', colour: 'faint', x: at, y: shown.map(({ before }) => before) },
      { name: 'result', kind: 'bars', colour: 'candidate', x: at, y: shown.map(({ after }) => after) },
    ],
    lying: true,
    table: () => ({
      columns: ['layer', 'original, ms', 'result, ms', 'saved, ms'],
      rows: layers.map(({ name, before, after }) => [name, before, after, before - after]),
    }),
  }
}
