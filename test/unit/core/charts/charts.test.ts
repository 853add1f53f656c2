import { describe, expect, it } from 'vitest'
import { classChangeModel } from '../../../../src-main/core/charts/comparison'
import type { ChartModel } from '../../../../src-main/core/charts/model'
import { svgOf, type Palette } from '../../../../src-main/core/charts/svg'
import { tableOf, toCsv, toTsv } from '../../../../src-main/core/charts/table'
import { proportionInterval } from '../../../../src-main/core/statistics/proportion'

const names = ['candidate', 'measured', 'leader', 'original', 'baseline', 'attention', 'faint', 'good', 'failed']
const palette = Object.fromEntries(
  [...names, 'text', 'muted', 'line', 'background'].map((name) => [name, `var(--${name})`]),
) as Palette

const model: ChartModel = {
  title: 'A <b>title</b>',
  summary: 'said',
  x: { label: 'epochs' },
  y: { label: 'loss' },
  series: [
    { name: 'loss', kind: 'line', colour: 'candidate', x: [1, 2, 3], y: [3, NaN, 1] },
    { name: 'rate', kind: 'step', colour: 'baseline', x: [1, 2, 3], y: [1, 2, 2] },
  ],
}

describe('a chart’s table', () => {
  it('puts series that share their x side by side, others below each other', () => {
    expect(tableOf(model)).toEqual({
      columns: ['epochs', 'loss', 'rate'],
      rows: [
        [1, 3, 1],
        [2, NaN, 2],
        [3, 1, 2],
      ],
    })
    const [first, second] = model.series
    const apart = { ...model, series: [first!, { ...second!, x: [1, 2, 4] }] }
    expect(tableOf(apart).columns).toEqual(['series', 'epochs', 'loss'])
    expect(tableOf(apart).rows).toHaveLength(6)
  })

  it('is quoted for CSV, kept from being a formula, and cannot break a line of TSV', () => {
    const table = {
      columns: ['name', 'a,b'],
      rows: [
        ['=1+1', 2],
        ['say "x"', NaN],
        ['a\tb\nc', 0.1 + 0.2],
      ] as const,
    }
    expect(toCsv(table)).toBe(`name,"a,b"\r\n'=1+1,2\r\n"say ""x""",\r\n"a\tb\nc",0.3\r\n`)
    expect(toTsv(table).split('\n')[3]).toBe('a b c\t0.3')
  })
})

describe('a chart as SVG', () => {
  it('escapes what comes from outside, and leaves a gap where a value is missing', () => {
    const svg = svgOf(model, { width: 400, height: 300, palette })
    expect(svg).toContain('A &lt;b&gt;title&lt;/b&gt;')
    expect(svg).not.toContain('NaN')
    const [, line] = /<path d="([^"]*)" fill="none" stroke="var\(--candidate\)"/.exec(svg)!
    expect(line!.match(/M/g)).toHaveLength(2)
  })

  it('draws tens of thousands of dots as those that can be told apart', () => {
    const x = Float64Array.from({ length: 50_000 }, (_, i) => Math.sin(i) ** 2)
    const many: ChartModel = { ...model, series: [{ name: 'all', kind: 'dots', colour: 'measured', x, y: x }] }
    expect(svgOf(many, { width: 400, height: 300, palette }).length).toBeLessThan(100_000)
  })
})

it('the change per class shows the ends when there are many, and tells all', () => {
  const classes = Array.from({ length: 100 }, (_, i) => ({ name: `c${i}`, images: 10, before: 0.5, after: i / 100 }))
  const change = classChangeModel(classes)
  expect(change.x.categories).toHaveLength(20)
  expect(change.x.categories?.[0]).toBe('c0')
  expect(change.x.categories?.at(-1)).toBe('c99')
  expect(tableOf(change).rows).toHaveLength(100)
})

it('Wilson’s interval is that of the textbook', () => {
  // 81 of 263: 0.2553 to 0.3662 (Newcombe, Statistics in Medicine 17, 1998, table I).
  const { low, high } = proportionInterval(81 / 263, 263)
  expect([low.toFixed(4), high.toFixed(4)]).toEqual(['0.2553', '0.3662'])
  expect(proportionInterval(1, 10).high).toBe(1)
})
