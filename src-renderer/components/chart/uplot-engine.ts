import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { logScale } from '../../../src-main/core/charts/scale'
import { rangeOf, type Axis, type ChartModel, type Series } from '../../../src-main/core/charts/model'
import type { Palette } from '../../../src-main/core/charts/svg'
import type { CreatePlot, Plot, PlotStart } from './plot'
import type { PointAt } from './points'

const dash = [5, 4]

/** Lines, steps and dots that change several times a second. Series and axes are fixed when a plot is made. */
export const createPlot: CreatePlot = (host, start) => {
  let { model, size } = start
  let plot = madePlot(host, start)
  return {
    update(next, colours, focus) {
      if (shapeOf(next) !== shapeOf(model)) {
        plot.destroy()
        plot = madePlot(host, { ...start, model: next, size, palette: colours })
      }
      model = next
      plot.update(model, colours, focus)
    },
    resize(next) {
      size = next
      plot.resize(next)
    },
    destroy: () => plot.destroy(),
  }
}

const shapeOf = (model: ChartModel): string =>
  JSON.stringify([
    model.series.map(({ name, kind, colour, right }) => [name, kind, colour, right]),
    model.y,
    model.right,
  ])

/** Colours are read when it is drawn. */
function madePlot(host: HTMLElement, { model: first, size, font, palette: colours }: PlotStart): Plot {
  let [model, current, focus] = [first, colours, undefined as PointAt | undefined]
  const palette = (): Palette => current
  const face = `12px ${font}`
  const ticks = (axis: Axis) => (_: uPlot, values: number[]) =>
    values.map((value) => (value === null ? '' : axis.text ? axis.text(value) : String(value)))
  const axisOf = (axis: Axis, scale: string, side: number, extra: Partial<uPlot.Axis> = {}): uPlot.Axis => ({
    ...{ scale, side, label: axis.label, font: face, labelFont: face, labelSize: 18, labelGap: 2, gap: 4 },
    stroke: () => palette().muted,
    grid: { stroke: () => palette().line, width: 1 },
    ticks: { show: false },
    values: ticks(axis),
    ...(axis.log && { splits: (u: uPlot) => logTicks(u, scale) }),
    ...extra,
  })
  const scale = (side: 'x' | 'y' | 'right'): uPlot.Scale => ({
    time: false,
    ...(model[side]?.log && { distr: 3 as const }),
    range: () => padded(model, side),
  })
  const plot = new uPlot(
    {
      ...size,
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
      padding: [8, model.right ? 0 : 12, 0, 0],
      scales: { x: scale('x'), y: scale('y'), ...(model.right && { right: scale('right') }) },
      axes: [
        axisOf(model.x, 'x', 2, { size: 26 }),
        axisOf(model.y, 'y', 3, { size: 54 }),
        ...(model.right ? [axisOf(model.right, 'right', 1, { size: 52, grid: { show: false } })] : []),
      ],
      series: [{}, ...model.series.map((series) => seriesOf(series, palette))],
      hooks: { draw: [(u) => drawOver(u, model, focus, palette())] },
    },
    dataOf(model),
    host,
  )
  return {
    update(...next) {
      ;[model, current, focus] = next
      // Scales, strokes and dots all come from the model when it is drawn.
      plot.setData(dataOf(model), true)
    },
    resize: (next) => plot.setSize(next),
    destroy: () => plot.destroy(),
  }
}

/** 1, 2 and 5 times powers of ten, as everywhere. */
function logTicks(u: uPlot, scale: string): number[] {
  const { min, max } = u.scales[scale]!
  if (!min || !max) return []
  return logScale(min, max, 0, 1).ticks.filter((tick) => tick >= min && tick <= max)
}

function seriesOf(series: Series, palette: () => Palette): uPlot.Series {
  const colour = (): string => palette()[series.colour]
  const isLine = series.kind === 'line' || series.kind === 'step'
  return {
    label: series.name,
    scale: series.right ? 'right' : 'y',
    stroke: colour,
    width: 1.8,
    ...(series.dashed && { dash }),
    ...(series.kind === 'step' && { paths: uPlot.paths.stepped!({ align: 1 }) }),
    ...(!isLine && { paths: () => null }),
    points: {
      show: !isLine,
      size: 6,
      stroke: colour,
      fill: () => (series.kind === 'dots' ? colour() : palette().background),
    },
  }
}

/** Parallel columns over all x that occur; what a series has no value for is bridged, NaN is a gap. */
function dataOf({ series }: ChartModel): uPlot.AlignedData {
  const column = (list: ArrayLike<number>): (number | null)[] =>
    Array.from(list, (value) => (Number.isFinite(value) ? value : null))
  const tables = series.map(({ x, y }): uPlot.AlignedData => [Array.from(x), column(y)])
  if (tables.length === 0) return [[]]
  return tables.length === 1 ? tables[0]! : uPlot.join(tables)
}

/** What there is, with a little room; a range of its own stays as it is. */
function padded(model: ChartModel, side: 'x' | 'y' | 'right'): [number, number] {
  const [low, high] = rangeOf(model, side)
  const axis = model[side]
  if (axis?.range) return low < high ? [low, high] : [low, low + 1]
  if (axis?.log && low > 0) return [low / 1.15, high * 1.15]
  const room = (high - low) * (side === 'x' ? 0 : 0.06) || Math.abs(high) * 0.05 || 1
  return side === 'x' ? [low, Math.max(high, low + 1e-9)] : [low >= 0 && low < room ? 0 : low - room, high + room]
}

/** Marks across the plot, and a ring around the point that the keys are at. */
function drawOver(u: uPlot, model: ChartModel, focus: PointAt | undefined, palette: Palette): void {
  const { ctx, bbox } = u
  ctx.save()
  ctx.lineWidth = devicePixelRatio
  ctx.font = `${12 * devicePixelRatio}px ${u.axes[0]!.font![0]!.split('px ')[1]}`
  if (model.diagonal) {
    const low = Math.max(u.scales['x']!.min!, u.scales['y']!.min!)
    const high = Math.min(u.scales['x']!.max!, u.scales['y']!.max!)
    ctx.strokeStyle = palette.muted
    ctx.setLineDash(dash.map((length) => length * devicePixelRatio))
    ctx.beginPath()
    ctx.moveTo(u.valToPos(low, 'x', true), u.valToPos(low, 'y', true))
    ctx.lineTo(u.valToPos(high, 'x', true), u.valToPos(high, 'y', true))
    ctx.stroke()
  }
  for (const { axis, at, label, colour } of model.marks ?? []) {
    const place = u.valToPos(at, axis === 'x' ? 'x' : 'y', true)
    ctx.strokeStyle = ctx.fillStyle = colour ? palette[colour] : palette.text
    ctx.setLineDash(dash.map((length) => length * devicePixelRatio))
    ctx.beginPath()
    if (axis === 'x') {
      ctx.moveTo(place, bbox.top)
      ctx.lineTo(place, bbox.top + bbox.height)
      ctx.fillText(label, place + 4 * devicePixelRatio, bbox.top + 12 * devicePixelRatio)
    } else {
      ctx.moveTo(bbox.left, place)
      ctx.lineTo(bbox.left + bbox.width, place)
      ctx.textAlign = 'right'
      ctx.fillText(label, bbox.left + bbox.width - 2, place - 4 * devicePixelRatio)
    }
    ctx.stroke()
  }
  const series = focus && model.series[focus.series]
  if (series && focus.index < series.x.length) {
    const left = u.valToPos(series.x[focus.index]!, 'x', true)
    const top = u.valToPos(series.y[focus.index]!, series.right ? 'right' : 'y', true)
    ctx.setLineDash([])
    ctx.lineWidth = 2 * devicePixelRatio
    ctx.strokeStyle = palette.text
    ctx.beginPath()
    ctx.arc(left, top, 6 * devicePixelRatio, 0, 2 * Math.PI)
    ctx.stroke()
  }
  ctx.restore()
}
