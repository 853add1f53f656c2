import { BarChart, CustomChart, LineChart, ScatterChart } from 'echarts/charts'
import { GridComponent, MarkLineComponent, TooltipComponent } from 'echarts/components'
import { init, use, type EChartsType } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'
import type { EChartsCoreOption } from 'echarts/core'
import type { ChartModel } from '../../../src-main/core/charts/model'
import type { Palette } from '../../../src-main/core/charts/svg'
import { optionOf } from './echarts-option'
import type { PointAt } from './points'

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

export interface AnalysisPlot {
  update(model: ChartModel, palette: Palette, focus: PointAt | undefined): void
  resize(): void
  destroy(): void
}

/** A chart to look into: tooltips, and clicks on its points. */
export function createAnalysisPlot(host: HTMLElement, font: string, onClick: (at: PointAt) => void): AnalysisPlot {
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
