import type { Axis, ChartModel, Table } from './model'

/** A chart's figures: its own table, or one row per point, beside each other where the series share their x. */
export function tableOf(model: ChartModel): Table {
  if (model.table) return model.table()
  const { x, series } = model
  const own = series.filter((one) => one.x.length > 0)
  const nameX = (value: number, i: number): string | number =>
    own[0]?.names?.[i] ?? x.categories?.[value] ?? shown(x, value)
  const first = own[0]
  if (first && own.every((one) => sameValues(one.x, first.x))) {
    const rows = Array.from({ length: first.x.length }, (_, i) => [
      nameX(first.x[i]!, i),
      ...own.flatMap((one) => [one.y[i]!, ...(one.low && one.high ? [one.low[i]!, one.high[i]!] : [])]),
    ])
    const columns = own.flatMap((one) => [
      own.length === 1 ? axisOf(model, one.right).label : one.name,
      ...(one.low && one.high ? [`${one.name}, from`, `${one.name}, to`] : []),
    ])
    return { columns: [x.label, ...columns], rows }
  }
  const rows = own.flatMap((one) =>
    Array.from({ length: one.x.length }, (_, i) => [
      one.name,
      one.names?.[i] ?? x.categories?.[one.x[i]!] ?? one.x[i]!,
      one.y[i]!,
    ]),
  )
  return { columns: ['series', x.label, model.y.label], rows }
}

const shown = (axis: Axis, value: number): string | number => (axis.categories ? String(value) : value)
const axisOf = (model: ChartModel, right: boolean | undefined): Axis => (right && model.right ? model.right : model.y)

function sameValues(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a === b) return true
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Tab-separated, for a spreadsheet's clipboard. */
export const toTsv = ({ columns, rows }: Table): string =>
  [columns, ...rows].map((cells) => cells.map((cell) => plain(cell).replace(/[\t\r\n]+/g, ' ')).join('\t')).join('\n')

/** RFC 4180. A text that a spreadsheet would take for a formula is kept from it by an apostrophe. */
export const toCsv = ({ columns, rows }: Table): string =>
  `${[columns, ...rows].map((cells) => cells.map(csvCell).join(',')).join('\r\n')}\r\n`

function csvCell(cell: string | number): string {
  const text = typeof cell === 'string' && /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : plain(cell)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

const plain = (cell: string | number): string =>
  typeof cell === 'number' ? (Number.isFinite(cell) ? String(Number(cell.toPrecision(10))) : '') : cell
