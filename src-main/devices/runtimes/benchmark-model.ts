import { unreadable } from './unreadable'

/** LiteRT's benchmark_model: its log, µs. */
export interface LiteRtTimings {
  readonly init: number
  readonly first: number
  readonly warmup: number
  readonly inference: number
  /** Of the last "count=…" line: inferences, their extremes and spread. */
  readonly runs: Readonly<Record<string, number>>
}

/** @throws LupineError device 'runtime-output' */
export function readBenchmarkLog(text: string): LiteRtTimings {
  const number = '([\\d.eE+]+)'
  const timings = new RegExp(
    `Inference timings in us: Init: ${number}, First inference: ${number}, Warmup \\(avg\\): ${number}, Inference \\(avg\\): ${number}`,
  ).exec(text)
  if (!timings) throw unreadable('benchmark_model', 'there is no line "Inference timings in us"')
  const [init, first, warmup, inference] = timings.slice(1).map(Number) as [number, number, number, number]
  const last = text.match(/^.*\bcount=\d+.*$/gm)?.at(-1) ?? ''
  const runs = Object.fromEntries(
    [...last.matchAll(/(\w+)=(-?[\d.eE+]+)/g)].map(([, key, value]) => [key!, Number(value)]),
  )
  return { init, first, warmup, inference, runs }
}

export interface LiteRtOperator {
  readonly type: string
  readonly name: string
  /** ms of one inference */
  readonly average: number
  readonly calls: number
}

/**
 * The table "Run Order" of `--op_profiling_output_mode=csv`, of the regular runs: the last such table, as one of the
 * initialisation may stand before it. Columns go by their header, in either version; the last one may hold commas.
 * @throws LupineError device 'runtime-output'
 */
export function readOperators(text: string): LiteRtOperator[] {
  const sections = text.split(/^=+ (.+?) =+\s*$/m)
  const tables: LiteRtOperator[][] = []
  for (let i = 1; i < sections.length; i += 2) {
    if (!/Run Order/i.test(sections[i]!)) continue
    const rows = table(sections[i + 1]!)
    // What a delegate does inside counts to the node that it stands for.
    const inside = /Delegate internal/i.test(sections[i]!) || /Delegate internal/i.test(sections[i - 1]!.slice(-200))
    if (rows && !inside) tables.push(rows)
  }
  const last = tables.at(-1)
  if (!last) throw unreadable('benchmark_model', 'there is no table "Run Order" in its profile')
  return last
}

function table(text: string): LiteRtOperator[] | undefined {
  const lines = text.split('\n').map((line) => line.trim())
  const start = lines.findIndex((line) => /^\[?node type\]?\s*,/i.test(line))
  if (start < 0) return undefined
  const header = cells(lines[start]!, Infinity).map((cell) => cell.replace(/[[\]]/g, '').toLowerCase())
  const column = (name: RegExp): number => header.findIndex((cell) => name.test(cell))
  const [type, average, calls] = [0, column(/^avg_?\s?ms$/), column(/^times called$/)]
  if (average < 0) return undefined
  const rows: LiteRtOperator[] = []
  for (const line of lines.slice(start + 1)) {
    const row = cells(line, header.length)
    if (row.length < header.length) break
    const value = Number.parseFloat(row[average]!)
    if (!Number.isFinite(value)) break
    const name = header.at(-1) === 'name' ? row.at(-1)! : row[type]!
    rows.push({ type: row[type]!, name, average: value, calls: calls < 0 ? 1 : Number.parseFloat(row[calls]!) })
  }
  return rows
}

/** Split at commas, `most` cells: the last one takes the rest. */
function cells(line: string, most: number): string[] {
  const parts = line.split(',')
  const kept = parts.length > most ? [...parts.slice(0, most - 1), parts.slice(most - 1).join(',')] : parts
  return kept.map((part) => part.trim())
}
