import { rangeOf, type Axis, type ChartModel, type Series } from '../../../src-main/core/charts/model'
import { clip, type Palette } from '../../../src-main/core/charts/svg'
import { pointText } from './points'

/** What ECharts needs to draw the chart. Series keep their places, so that a point clicked is the model's. */
export function optionOf(model: ChartModel, palette: Palette, font: string): object {
  const { lying } = model
  const text = { color: palette.muted, fontSize: 12, fontFamily: font }
  const axisOf = (axis: Axis, side: 'x' | 'y' | 'right', down: boolean): object => ({
    ...(axis.categories
      ? { type: 'category', data: axis.categories.map((name) => clip(name, 34)), inverse: down }
      : { type: axis.log ? 'log' : 'value', ...bounds(model, side) }),
    name: axis.categories && down ? '' : axis.label,
    nameLocation: 'middle',
    nameGap: down ? 42 : 26,
    nameTextStyle: text,
    axisLabel: { ...text, ...(axis.text && !axis.categories && { formatter: axis.text }), hideOverlap: true },
    axisLine: { show: !down, lineStyle: { color: palette.line } },
    axisTick: { show: false },
    splitLine: { show: !axis.categories && side !== 'right', lineStyle: { color: palette.line } },
    ...(side === 'right' && { position: 'right' }),
  })
  const ys = [axisOf(lying ? model.x : model.y, lying ? 'x' : 'y', true)]
  if (model.right && !lying) ys.push(axisOf(model.right, 'right', true))
  return {
    animation: false,
    textStyle: { fontFamily: font },
    grid: { left: lying ? 8 : 34, right: model.right ? 14 : 18, top: 14, bottom: 26, containLabel: true },
    xAxis: axisOf(lying ? model.y : model.x, lying ? 'y' : 'x', false),
    yAxis: ys,
    tooltip: {
      trigger: 'item',
      // Text on the canvas: as HTML it would bring inline styles, which the page's policy forbids.
      renderMode: 'richText',
      transitionDuration: 0,
      backgroundColor: palette.background,
      borderColor: palette.line,
      textStyle: { color: palette.text, fontSize: 12, fontFamily: font },
      formatter: ({ seriesIndex, dataIndex }: { seriesIndex: number; dataIndex: number }) =>
        seriesIndex < model.series.length
          ? pointText(model, { series: seriesIndex, index: dataIndex }).replaceAll(' · ', '\n')
          : '',
    },
    series: [
      ...model.series.map((series) => seriesOf(model, series, palette)),
      ...model.series.flatMap((series) => intervalsOf(series, palette, lying ?? false)),
      ...(model.diagonal ? [diagonalOf(model, palette)] : []),
    ],
  }
}

function bounds(model: ChartModel, side: 'x' | 'y' | 'right'): object {
  const [low, high] = rangeOf(model, side)
  if (model[side]?.range) return { min: low, max: high }
  return { scale: !model.series.some(({ kind }) => kind === 'bars') || side === 'x' }
}

function seriesOf(model: ChartModel, series: Series, palette: Palette): object {
  const { lying } = model
  const colour = palette[series.colour]
  const data = Array.from({ length: series.x.length }, (_, i) => {
    const [x, y] = [series.x[i]!, Number.isFinite(series.y[i]!) ? series.y[i]! : '-']
    return lying ? [y, x] : [x, y]
  })
  const common = {
    data,
    name: series.name,
    ...(series.right && { yAxisIndex: 1 }),
    itemStyle: { color: colour },
    emphasis: { scale: 1.6, itemStyle: { borderColor: palette.text, borderWidth: 2 } },
  }
  const marked = model.series[0] === series ? { markLine: marksOf(model, palette) } : {}
  if (series.kind === 'bars')
    return {
      ...common,
      ...marked,
      type: 'bar',
      ...(model.stacked && { stack: 'all' }),
      barGap: '0%',
      ...(model.lying ? { barMaxWidth: 18, barCategoryGap: '25%' } : { barCategoryGap: '4%' }),
    }
  if (series.kind === 'line' || series.kind === 'step')
    return {
      ...{ ...common, ...marked, type: 'line', symbol: 'circle', symbolSize: 4, showSymbol: series.x.length < 100 },
      lineStyle: { color: colour, width: 1.8, ...(series.dashed && { type: 'dashed' }) },
      ...(series.kind === 'step' && { step: 'end' }),
    }
  const hollow = series.kind === 'hollow'
  return {
    ...{ ...common, ...marked, type: 'scatter', symbolSize: 7 },
    itemStyle: hollow
      ? { color: 'transparent', borderColor: colour, borderWidth: 1.4 }
      : { color: colour, borderColor: palette.background, borderWidth: 0.6 },
  }
}

function marksOf({ marks = [], lying }: ChartModel, palette: Palette): object {
  return {
    silent: true,
    symbol: 'none',
    animation: false,
    data: marks.map(({ axis, at, label, colour }) => ({
      [(axis === 'x') !== (lying ?? false) ? 'xAxis' : 'yAxis']: at,
      lineStyle: { color: colour ? palette[colour] : palette.text, type: 'dashed', width: 1 },
      label: {
        formatter: label,
        color: colour ? palette[colour] : palette.text,
        position: 'insideEndTop',
        fontSize: 11,
      },
    })),
  }
}

/** Whiskers, behind the dots. */
function intervalsOf(series: Series, palette: Palette, lying: boolean): object[] {
  const { low, high, x, y, intervals } = series
  if (!low || !high) return []
  const upright = (intervals === 'y') !== lying
  return [
    {
      type: 'custom',
      silent: true,
      z: 1,
      tooltip: { show: false },
      data: Array.from({ length: x.length }, (_, i) => [intervals === 'y' ? x[i]! : y[i]!, low[i]!, high[i]!]),
      renderItem: (
        _: unknown,
        api: { value(dimension: number): number; coord(point: [number, number]): [number, number] },
      ) => {
        const [at, from, to] = [api.value(0), api.value(1), api.value(2)]
        const [x1, y1] = api.coord(upright ? [at, from] : [from, at])
        const [x2, y2] = api.coord(upright ? [at, to] : [to, at])
        return {
          type: 'line',
          shape: { x1, y1, x2, y2 },
          style: { stroke: palette[series.colour], opacity: 0.6, lineWidth: 1.2 },
        }
      },
    },
  ]
}

function diagonalOf(model: ChartModel, palette: Palette): object {
  const [x, y] = [rangeOf(model, 'x'), rangeOf(model, 'y')]
  const [low, high] = [Math.min(x[0], y[0]), Math.max(x[1], y[1])]
  return {
    ...{ type: 'line', silent: true, symbol: 'none', clip: true, tooltip: { show: false } },
    data: [
      [low, low],
      [high, high],
    ],
    lineStyle: { color: palette.muted, type: 'dashed', width: 1 },
  }
}
