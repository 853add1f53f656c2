import type { ChartModel } from '../../../src-main/core/charts/model'

/** A point of a chart: which series, and which of its points. */
export interface PointAt {
  readonly series: number
  readonly index: number
}

/** Where an arrow key leads from a point; undefined for other keys and for a chart without points. */
export function nextPoint(model: ChartModel, from: PointAt | undefined, key: string): PointAt | undefined {
  const filled = model.series.flatMap(({ x }, series) => (x.length > 0 ? [series] : []))
  const first = filled[0]
  if (first === undefined) return undefined
  const length = (series: number): number => model.series[series]?.x.length ?? 0
  const at = from && length(from.series) > 0 ? from : { series: first, index: -1 }
  const clamp = (series: number, index: number): PointAt => ({
    series,
    index: Math.min(length(series) - 1, Math.max(0, index)),
  })
  const beside = (by: number): PointAt => {
    const place = Math.min(filled.length - 1, Math.max(0, filled.indexOf(at.series) + by))
    return clamp(filled[place]!, at.index)
  }
  switch (key) {
    case 'ArrowRight':
      return clamp(at.series, at.index + 1)
    case 'ArrowLeft':
      return clamp(at.series, at.index - 1)
    case 'PageDown':
      return clamp(at.series, at.index + Math.ceil(length(at.series) / 20))
    case 'PageUp':
      return clamp(at.series, at.index - Math.ceil(length(at.series) / 20))
    case 'Home':
      return clamp(at.series, 0)
    case 'End':
      return clamp(at.series, length(at.series) - 1)
    case 'ArrowDown':
      return beside(1)
    case 'ArrowUp':
      return beside(-1)
    default:
      return undefined
  }
}

/** "front: latency, ms 24.9; divergence, nats 0.043" */
export function pointText(model: ChartModel, { series, index }: PointAt): string {
  const one = model.series[series]
  if (!one || index >= one.x.length) return ''
  const [x, y] = [one.x[index]!, one.y[index]!]
  const axis = one.right && model.right ? model.right : model.y
  const text = (value: number, of: typeof axis): string => of.categories?.[value] ?? of.text?.(value) ?? shorter(value)
  const low = one.low?.[index]
  const high = one.high?.[index]
  const along = one.intervals === 'y' ? axis : model.x
  const interval =
    low !== undefined && high !== undefined && low < high ? ` (${text(low, along)} to ${text(high, along)})` : ''
  const name = one.names?.[index]
  return [
    name ? `${one.name} ${name}` : one.name,
    `${model.x.label} ${text(x, model.x)}${one.intervals === 'y' ? '' : interval}`,
    `${axis.label} ${text(y, axis)}${one.intervals === 'y' ? interval : ''}`,
  ].join(' · ')
}

const shorter = (value: number): string => String(Number(value.toPrecision(4)))
