import type { ChartModel } from '../../../src-main/core/charts/model'
import type { Palette } from '../../../src-main/core/charts/svg'
import type { PointAt } from './points'
import type { Size } from './use-size'

/** A drawing that lives as long as its chart is shown. */
export interface Plot {
  update(model: ChartModel, palette: Palette, focus: PointAt | undefined): void
  /** CSS pixels. */
  resize(size: Size): void
  destroy(): void
}

export interface PlotStart {
  readonly model: ChartModel
  readonly palette: Palette
  readonly size: Size
  readonly font: string
  onClick(at: PointAt): void
}

/** What a drawing library gives, each in a file of its own that is fetched with the first chart. */
export type CreatePlot = (host: HTMLElement, start: PlotStart) => Plot
