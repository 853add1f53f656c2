import type { ChartModel, Series } from '../../../src-main/core/charts/model'
import { milliseconds, threeDigits } from '../../format'
import type { Check, Course, SearchView } from '../../stores/search-view'

const short = (value: number): string => String(Number(value.toPrecision(3)))

/** The best divergence so far over the evaluations, beside the random baseline's. */
export function convergenceModel({ course, random, evaluations }: SearchView): ChartModel {
  const own = staircase(course, 'best so far', 'leader')
  const baseline: Series = { ...staircase(random, 'random baseline', 'baseline'), dashed: true }
  const last = course.bests.at(-1)
  const first = course.bests[0]
  const summary = last
    ? `Best divergence so far: from ${threeDigits(first!.best)} to ${threeDigits(last.best)} nats in ${course.evaluated} evaluations${random.bests.length > 0 ? `; the random baseline reached ${threeDigits(random.bests.at(-1)!.best)} in ${random.evaluated}` : ''}.`
    : 'Best divergence so far; empty yet.'
  return {
    title: 'Convergence',
    summary,
    x: { label: 'evaluations', range: [0, Math.max(1, evaluations ?? 0, course.evaluated)], text: short },
    y: { label: 'divergence, nats', log: true, text: short },
    series: random.bests.length > 0 ? [own, baseline] : [own],
  }
}

/** Corners, and the level reached carried on to the last evaluation. */
function staircase({ bests, evaluated }: Course, name: string, colour: Series['colour']): Series {
  const last = bests.at(-1)
  const ends = last && last.evaluation < evaluated ? [{ evaluation: evaluated, best: last.best }] : []
  const all = [...bests, ...ends]
  return { name, kind: 'step', colour, x: all.map(({ evaluation }) => evaluation), y: all.map(({ best }) => best) }
}

/** Mean absolute percentage error of the predictions; undefined without any. */
export function mapeOf(checks: readonly Check[], kind?: Check['kind']): number | undefined {
  const own = checks.filter((check) => kind === undefined || check.kind === kind)
  if (own.length === 0) return undefined
  return own.reduce((sum, { predicted, measured }) => sum + Math.abs(predicted - measured) / measured, 0) / own.length
}

export const mapeText = (value: number | undefined): string =>
  value === undefined ? '–' : `${(value * 100).toFixed(1)} %`

/** What was predicted against what the device said. @param unit latency of the original, ms */
export function checksModel(checks: readonly Check[], unit: number | undefined): ChartModel {
  const [factor, label] = unit === undefined ? [1, 'of the original'] : [unit, 'ms']
  const part = (kind: Check['kind'], name: string, look: Pick<Series, 'kind' | 'colour'>): Series => {
    const own = checks.filter((check) => check.kind === kind)
    return {
      ...{ ...look, name: own.length > 0 ? `${name} (${own.length})` : name },
      x: own.map(({ measured }) => measured * factor),
      y: own.map(({ predicted }) => predicted * factor),
    }
  }
  const random = part('random', 'nobody’s choice', { kind: 'hollow', colour: 'baseline' })
  const chosen = part('chosen', 'chosen', { kind: 'dots', colour: 'measured' })
  const text = (value: number): string => (unit === undefined ? short(value) : milliseconds(value, unit / 500))
  return {
    title: 'Predicted vs measured',
    summary: `Predicted against measured latency of ${checks.length} plans: mean error ${mapeText(mapeOf(checks, 'random'))} for plans nobody chose, ${mapeText(mapeOf(checks, 'chosen'))} for chosen ones.`,
    x: { label: `measured, ${label}`, text: short },
    y: { label: `predicted, ${label}`, text: short },
    series: [random, chosen].filter(({ x }) => x.length > 0),
    diagonal: true,
    table: () => ({
      columns: ['plan', `predicted, ${label}`, `measured, ${label}`, 'error'],
      rows: checks.map(({ kind, predicted, measured }) => [
        kind,
        text(predicted * factor),
        text(measured * factor),
        `${((predicted / measured - 1) * 100).toFixed(2)} %`,
      ]),
    }),
  }
}

/** The plane as figures: for its table, its files and the arrow keys. The most telling candidates first. */
export function planeModel(
  search: SearchView,
  unit: number | undefined,
  budget: number | undefined,
  axis: 'divergence' | 'top1',
): ChartModel {
  const { candidates, leaders } = search
  const factor = unit ?? 1
  const label = unit === undefined ? 'latency, of the original' : 'latency, ms'
  const letters = ['α', 'β', 'δ']
  const order = Array.from({ length: candidates.count }, (_, i) => i)
  const upright = axis === 'top1' ? candidates.columns.top1 : candidates.columns.fitness
  const better = (a: number, b: number): number =>
    axis === 'top1' ? upright[b]! - upright[a]! : upright[a]! - upright[b]!
  const part = (name: string, own: readonly number[], look: Pick<Series, 'kind' | 'colour'>): Series => ({
    ...{ ...look, name, names: own.map((index) => `#${index + 1}`) },
    x: own.map((index) => candidates.latency(index) * factor),
    y: own.map((index) => upright[index]!),
    low: own.map((index) => (candidates.isMeasured(index) ? NaN : candidates.columns.low[index]! * factor)),
    high: own.map((index) => (candidates.isMeasured(index) ? NaN : candidates.columns.high[index]! * factor)),
    intervals: 'x',
    letters: own.map((index) => letters[leaders.findIndex((leader) => leader.index === index)] ?? ''),
  })
  const listed = (isMeasured: boolean): number[] =>
    order.filter((index) => candidates.isMeasured(index) === isMeasured).sort(better)
  let series: Series[] | undefined
  return {
    title: 'Candidates',
    summary: planeSummary(search, unit, budget),
    x: { label, text: short },
    y:
      axis === 'top1'
        ? { label: 'top-1 on the fitness images', text: (value) => `${(value * 100).toFixed(1)} %` }
        : { label: 'divergence, nats', log: true, text: short },
    // Made when somebody asks: sorting tens of thousands takes longer than drawing them.
    get series() {
      series ??= [
        part('predicted', listed(false), { kind: 'hollow', colour: 'candidate' }),
        part('measured', listed(true), { kind: 'dots', colour: 'measured' }),
      ]
      return series
    },
    ...(budget !== undefined && { marks: [{ axis: 'x' as const, at: budget * factor, label: 'budget' }] }),
    table: () => ({
      columns: [
        'no.',
        label,
        'from',
        'to',
        'known by',
        'divergence, nats',
        'top-1, fitness images',
        'meets the budget',
      ],
      rows: [...order].sort(better).map((index) => {
        const isMeasured = candidates.isMeasured(index)
        const { low, high, fitness, top1 } = candidates.columns
        return [
          index + 1,
          candidates.latency(index) * factor,
          isMeasured ? NaN : low[index]! * factor,
          isMeasured ? NaN : high[index]! * factor,
          isMeasured ? 'measured' : 'predicted',
          fitness[index]!,
          top1[index]!,
          budget === undefined ? '' : candidates.latency(index) <= budget ? 'yes' : 'no',
        ]
      }),
    }),
  }
}

function planeSummary(
  { candidates, leaders }: SearchView,
  unit: number | undefined,
  budget: number | undefined,
): string {
  const shown = (ratio: number): string => (unit === undefined ? threeDigits(ratio) : milliseconds(ratio * unit))
  const [alpha] = leaders
  return [
    `Scatter plot of ${candidates.count} candidates, latency against accuracy`,
    candidates.measurements > 0 ? `${candidates.measurements} of them measured on the device` : 'latencies predicted',
    alpha && `the leader is at ${shown(alpha.latency)}, divergence ${threeDigits(alpha.fitness)}`,
    budget !== undefined && `the budget is ${shown(budget)}`,
  ]
    .filter(Boolean)
    .join('; ')
}
