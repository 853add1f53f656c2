import type { RunResult } from '../../../src-main/contract'
import { proportionInterval } from '../../../src-main/core/statistics/proportion'
import { bytes, count, milliseconds, percent } from '../../format'
import type { TakenPlan } from './plans'

export interface ResultRow {
  readonly name: string
  readonly before: string
  readonly after: string
  readonly change: string
  /** How far each may be off, where that is known; "before" and "after". */
  readonly spread?: readonly [string, string]
  /** Of each plan that was taken; '–' until it is known. */
  readonly plans: readonly { readonly value: string; readonly spread?: string | undefined }[]
}

type Figures = RunResult['before']

/** The before-and-after table. "Before" is the cleaned, unpruned network by the same path. */
export function resultRows({ before, after, test }: RunResult, plans: readonly TakenPlan[] = []): ResultRow[] {
  const row = (
    name: string,
    show: (figures: Figures) => string,
    change: string,
    ofPlan: (plan: TakenPlan) => PlanCell | undefined,
    spread?: Spread,
  ): ResultRow => ({
    name,
    plans: plans.map((plan) => ofPlan(plan) ?? { value: '–' }),
    before: show(before),
    after: show(after),
    change,
    ...(spread && { spread: [spread(before), spread(after)] }),
  })
  return [
    row(
      'Top-1 accuracy',
      ({ top1 }) => percent(top1),
      points(after.top1 - before.top1),
      ({ accuracy }) =>
        accuracy && { value: percent(accuracy.top1), spread: accuracySpread(accuracy.top1, accuracy.images) },
      test && (({ top1 }) => accuracySpread(top1, test.images)),
    ),
    row(
      'Latency',
      ({ latency }) => `${milliseconds(latency.median, latency.mad)}`,
      ratio(after.latency.median / before.latency.median),
      ({ latency }) => latency && { value: milliseconds(latency.median, latency.mad), spread: madText(latency) },
      ({ latency }) => madText(latency),
    ),
    row(
      'MACs',
      ({ macs }) => count(macs),
      ratio(after.macs / before.macs),
      ({ macs }) => ({ value: count(macs) }),
    ),
    row(
      'Parameters',
      ({ params }) => count(params),
      ratio(after.params / before.params),
      ({ params }) => ({ value: count(params) }),
    ),
    row(
      'File size',
      (figures) => bytes(figures.bytes),
      ratio(after.bytes / before.bytes),
      (plan) => (plan.bytes === undefined ? undefined : { value: bytes(plan.bytes) }),
    ),
  ]
}

type Spread = (figures: Figures) => string
type PlanCell = ResultRow['plans'][number]

const madText = ({ mad }: { readonly mad: number }): string => `± ${milliseconds(mad, mad / 3)} (MAD)`

/** Wilson's interval: what so many images can tell. */
function accuracySpread(top1: number, images: number): string {
  const { low, high } = proportionInterval(top1, images)
  return `${(low * 100).toFixed(1)} to ${(high * 100).toFixed(1)} %`
}

/** As tab-separated values, for a spreadsheet. */
export const resultTsv = (rows: readonly ResultRow[], plans: readonly TakenPlan[] = []): string =>
  [
    ['', 'original', 'pruned', 'change', ...plans.map(({ name }) => name)],
    ...rows.map((row) => [row.name, row.before, row.after, row.change, ...row.plans.map(({ value }) => value)]),
  ]
    .map((cells) => cells.join('\t'))
    .join('\n')

const sign = (value: number): string => (value > 0 ? '+' : value < 0 ? '−' : '±')
const points = (difference: number): string => `${sign(difference)}${Math.abs(difference * 100).toFixed(2)} points`
const ratio = (fraction: number): string => `${sign(fraction - 1)}${Math.abs((fraction - 1) * 100).toFixed(1)} %`
