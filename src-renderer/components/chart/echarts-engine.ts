import { BarChart, CustomChart, LineChart, ScatterChart } from 'echarts/charts'
import { GridComponent, MarkLineComponent, TooltipComponent } from 'echarts/components'
import { init, use, type EChartsType } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'
import type { EChartsCoreOption } from 'echarts/core'
import { optionOf } from './echarts-option'
import type { CreatePlot } from './plot'

use([
  BarChart,
  CustomChart,
  LineChart,
  ScatterChart,
  GridComponent,
  MarkLineComponent,
  TooltipComponent,
  CanvasRenderer,
])

/** A chart to look into: tooltips, and clicks on its points. */
export const createPlot: CreatePlot = (host, { font, onClick }) => {
  const chart: EChartsType = init(host, undefined, { renderer: 'canvas' })
  chart.on('click', ({ seriesIndex, dataIndex }) => {
    if (seriesIndex !== undefined) onClick({ series: seriesIndex, index: dataIndex })
  })
  return {
    update(model, palette, focus) {
      chart.setOption(optionOf(model, palette, font) as EChartsCoreOption, { notMerge: true })
      if (focus) chart.dispatchAction({ type: 'highlight', seriesIndex: focus.series, dataIndex: focus.index })
    },
    resize: () => chart.resize(),
    destroy: () => chart.dispose(),
  }
}
