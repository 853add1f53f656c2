import type { RunResult } from '../../../src-main/contract'
import { bytes, count, milliseconds, percent } from '../../format'

export interface ResultRow {
  readonly name: string
  readonly before: string
  readonly after: string
  readonly change: string
}

type Figures = RunResult['before']

/** The before-and-after table. "Before" is the cleaned, unpruned network by the same path. */
export function resultRows({ before, after }: RunResult): ResultRow[] {
  const row = (name: string, show: (figures: Figures) => string, change: string): ResultRow => ({
    name,
    before: show(before),
    after: show(after),
    change,
  })
  return [
    row('Top-1 accuracy', ({ top1 }) => percent(top1), points(after.top1 - before.top1)),
    row(
      'Latency',
      ({ latency }) => `${milliseconds(latency.median, latency.mad)}`,
      ratio(after.latency.median / before.latency.median),
    ),
    row('MACs', ({ macs }) => count(macs), ratio(after.macs / before.macs)),
    row('Parameters', ({ params }) => count(params), ratio(after.params / before.params)),
    row('File size', (figures) => bytes(figures.bytes), ratio(after.bytes / before.bytes)),
  ]
}

/** As tab-separated values, for a spreadsheet. */
export const resultTsv = (rows: readonly ResultRow[]): string =>
  [['', 'original', 'pruned', 'change'], ...rows.map((row) => [row.name, row.before, row.after, row.change])]
    .map((cells) => cells.join('\t'))
    .join('\n')

const sign = (value: number): string => (value > 0 ? '+' : value < 0 ? '−' : '±')
const points = (difference: number): string => `${sign(difference)}${Math.abs(difference * 100).toFixed(2)} points`
const ratio = (fraction: number): string => `${sign(fraction - 1)}${Math.abs((fraction - 1) * 100).toFixed(1)} %`
