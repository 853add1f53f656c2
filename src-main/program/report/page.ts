import type { ProjectCandidate, RunRequest, RunResult } from '../../contract'
import { classChangeModel } from '../../core/charts/comparison'
import type { ChartModel, Table } from '../../core/charts/model'
import { escape, svgOf, type Palette } from '../../core/charts/svg'
import { tableOf } from '../../core/charts/table'
import { proportionInterval } from '../../core/statistics/proportion'
import { planeChart } from './plane'

export interface ReportFacts {
  readonly version: string
  readonly folder: string
  readonly kind: string
  readonly created: string
  readonly request: RunRequest
  readonly result: RunResult
  readonly candidates: readonly ProjectCandidate[]
  readonly plan: {
    readonly groups: readonly { readonly id: string; readonly keep: readonly number[] }[]
  } | null
  readonly provenance: Readonly<Record<string, unknown>> | null
  readonly layers: { readonly original: readonly Kernel[]; readonly result: readonly Kernel[] } | undefined
}

interface Kernel {
  readonly name: string
  readonly op: string
  readonly median: number
}

/** Names of the style sheet below: the drawings follow the theme of whoever reads. */
const palette: Palette = {
  candidate: 'var(--candidate)',
  measured: 'var(--measured)',
  leader: 'var(--leader)',
  original: 'var(--text)',
  baseline: 'var(--baseline)',
  attention: 'var(--attention)',
  faint: 'var(--faint)',
  good: 'var(--measured)',
  failed: 'var(--leader)',
  text: 'var(--text)',
  muted: 'var(--muted)',
  line: 'var(--line)',
  background: 'var(--page)',
}

const percent = (value: number, decimals = 2): string => `${(value * 100).toFixed(decimals)} %`
const change = (ratio: number): string => `${ratio < 1 ? '−' : '+'}${Math.abs((ratio - 1) * 100).toFixed(1)} %`
const grouped = (value: number): string => Math.round(value).toLocaleString('en-US').replaceAll(',', ' ')

/** The report. Every text that comes from a file is escaped. */
export function reportPage(facts: ReportFacts): string {
  const { request, result } = facts
  const name = request.model.split(/[\\/]/).at(-1) ?? ''
  const { before, after, speedup } = result
  const sections = [
    section('Result', table(figures(result)) + notes(result)),
    section('Candidates', chart(planeChart(facts.candidates, before.latency.median, request.budget?.latency))),
    result.test ? section('Per class', chart(classChangeModel(result.test.perClass))) : '',
    facts.plan ? section('Channels kept', table(kept(facts.plan))) : '',
    facts.layers ? section('Kernels', table(kernels(facts.layers))) : '',
    section('How it was made', table(settings(facts))),
  ]
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escape(name)} – Lupine report</title>
<style>${style}</style>
</head>
<body>
<main>
<header>
<h1>${escape(name)}</h1>
<p class="muted">${escape(request.device)} · ${escape(facts.created.slice(0, 10))} · Lupine ${escape(facts.version)}</p>
<p class="pair"><b>${speedup.measured.toFixed(2)}×</b> as fast on the device, measured; top-1 ${percent(before.top1)} → <b>${percent(after.top1)}</b>,
${before.latency.median.toPrecision(3)} ms → <b>${after.latency.median.toPrecision(3)} ms</b></p>
</header>
${sections.join('\n')}
</main>
</body>
</html>
`
}

const section = (title: string, body: string): string => `<section><h2>${escape(title)}</h2>${body}</section>`

/** A drawing, and its figures to unfold. */
function chart(model: ChartModel): string {
  const drawing = svgOf(model, {
    width: 860,
    height: model.lying ? 60 + 22 * (model.x.categories?.length ?? 10) : 420,
    palette,
  })
  return `<figure>${drawing}<details><summary>Figures</summary>${table(tableOf(model))}</details></figure>`
}

/** At most so many rows: the rest is in the project. */
const mostRows = 500

function table({ columns, rows }: Table): string {
  const cell = (value: string | number): string =>
    typeof value === 'number'
      ? `<td class="n">${Number.isFinite(value) ? escape(String(Number(value.toPrecision(5)))) : '–'}</td>`
      : `<td>${escape(value)}</td>`
  const head = columns.some(Boolean)
    ? `<thead><tr>${columns.map((name) => `<th>${escape(name)}</th>`).join('')}</tr></thead>`
    : ''
  const body = rows.slice(0, mostRows).map((row) => `<tr>${row.map(cell).join('')}</tr>`)
  const rest =
    rows.length > mostRows ? `<p class="muted">${rows.length - mostRows} more rows are in the project.</p>` : ''
  return `<table>${head}<tbody>${body.join('')}</tbody></table>${rest}`
}

/** Before and after, with intervals where they are known. */
function figures({ before, after, test }: RunResult): Table {
  const accuracy = (top1: number): string => {
    if (!test) return percent(top1)
    const { low, high } = proportionInterval(top1, test.images)
    return `${percent(top1)} (${percent(low, 1)} to ${percent(high, 1)})`
  }
  const latency = ({ median, mad }: RunResult['before']['latency']): string =>
    `${median.toPrecision(4)} ms, MAD ${mad.toPrecision(2)} ms`
  const row = (name: string, one: string, two: string, third: string): string[] => [name, one, two, third]
  return {
    columns: ['', 'original', 'result', 'change'],
    rows: [
      row(
        'Top-1',
        accuracy(before.top1),
        accuracy(after.top1),
        `${after.top1 < before.top1 ? '−' : '+'}${Math.abs((after.top1 - before.top1) * 100).toFixed(2)} points`,
      ),
      row(
        'Latency',
        latency(before.latency),
        latency(after.latency),
        change(after.latency.median / before.latency.median),
      ),
      row('MACs', grouped(before.macs), grouped(after.macs), change(after.macs / before.macs)),
      row('Parameters', grouped(before.params), grouped(after.params), change(after.params / before.params)),
      row('Bytes', grouped(before.bytes), grouped(after.bytes), change(after.bytes / before.bytes)),
    ],
  }
}

function notes({ speedup, warnings, test }: RunResult): string {
  const said = [
    ...(speedup.predicted === null ? [] : [`The search had predicted ${speedup.predicted.toFixed(2)}×.`]),
    `“Original” is the cleaned, unpruned network; the clean-up alone made it ${speedup.graph.toFixed(2)}× as fast.`,
    ...(test ? [`Accuracy is of ${test.images} test images; in brackets Wilson’s 95 % interval.`] : []),
  ]
  const alarms = warnings.map((text) => `<li>${escape(text)}</li>`).join('')
  return `<p class="muted">${said.map(escape).join(' ')}</p>${alarms ? `<ul class="warnings">${alarms}</ul>` : ''}`
}

const kept = (plan: NonNullable<ReportFacts['plan']>): Table => ({
  columns: ['group', 'channels that stay'],
  rows: plan.groups.map(({ id, keep }) => [id, keep.length === 0 ? 'none: its branch is removed' : keep.length]),
})

/** The kernels the runtime started, the longest of the original first. */
function kernels({ original, result }: NonNullable<ReportFacts['layers']>): Table {
  const after = new Map(result.map(({ name, median }) => [name, median]))
  return {
    columns: ['kernel', 'operator', 'original, ms', 'result, ms'],
    rows: [...original]
      .sort((a, b) => b.median - a.median)
      .map(({ name, op, median }) => [name, op, median, after.get(name) ?? NaN]),
  }
}

function settings({ request, result, kind, folder, provenance, candidates }: ReportFacts): Table {
  const given = Object.entries(request).flatMap(([name, value]): [string, string][] =>
    value === undefined || (Array.isArray(value) && value.length === 0)
      ? []
      : [[name, typeof value === 'object' ? JSON.stringify(value) : String(value)]],
  )
  const seconds = Object.values(result.seconds).reduce((sum, one) => sum + one, 0)
  const model = provenance?.['model'] as { sha256?: unknown } | undefined
  return {
    columns: ['', ''],
    rows: [
      ['made by', kind],
      ...given,
      ['engine', result.engine],
      ['normalisation', result.normalize],
      ['candidates', String(candidates.length)],
      ['time', `${Math.round(seconds)} s`],
      ...(typeof model?.sha256 === 'string' ? [['model, SHA-256', model.sha256]] : []),
      ['project', folder],
    ],
  }
}

const style = `
:root{--page:#fff;--text:#1b1f24;--muted:#565f6a;--line:#d3d7dc;--faint:#858d97;--candidate:#0072b2;--measured:#007a59;--leader:#c04f00;--baseline:#a03f75;--attention:#8a5200}
@media (prefers-color-scheme:dark){:root{--page:#1c1f23;--text:#dfe3e8;--muted:#9ba5b0;--line:#33383f;--faint:#737c87;--candidate:#56b4e9;--measured:#00b586;--leader:#f08a3c;--baseline:#d88db5;--attention:#eba937}}
body{margin:0;background:var(--page);color:var(--text);font:13px/1.45 system-ui,sans-serif;font-variant-numeric:tabular-nums}
main{max-width:900px;margin:0 auto;padding:24px}
h1{margin:0;font-size:20px}h2{margin:28px 0 8px;font-size:15px}
.muted{color:var(--muted)}.pair{font-size:15px}.warnings{color:var(--attention)}
figure{margin:0;overflow-x:auto}svg{max-width:100%;height:auto}
table{border-collapse:collapse;overflow-wrap:anywhere}th,td{padding:3px 16px 3px 0;border-top:1px solid var(--line);text-align:left;vertical-align:top}
th{color:var(--muted);font-weight:500}td.n{text-align:right}summary{cursor:pointer;color:var(--muted)}
@media print{details{display:none}}`
