import { rangeOf, type Axis, type ChartModel, type Series, type SeriesColour } from './model'
import { linearScale, logScale, type Scale } from './scale'

/** Colours as CSS: values, or variables of the page the drawing stands in. */
export type Palette = Readonly<Record<SeriesColour | 'text' | 'muted' | 'line' | 'background', string>>

export interface Drawing {
  readonly width: number
  readonly height: number
  readonly palette: Palette
  /** Absent: transparent, for a page. */
  readonly opaque?: boolean
  /** Absent: system-ui. */
  readonly font?: string
}

const tickLength = 4
/** Candidates within the same square of this side, px, are one dot to the eye. */
const dotCell = 1.5

interface Frame {
  readonly x: Scale
  readonly y: Scale
  readonly right: Scale | undefined
  readonly box: { left: number; right: number; top: number; bottom: number }
}

/** The chart as an SVG document of its own. Every text from outside is escaped. */
export function svgOf(model: ChartModel, drawing: Drawing): string {
  const { width, height, palette, opaque, font = 'system-ui, sans-serif' } = drawing
  const frame = frameOf(model, drawing)
  const parts = [
    opaque ? `<rect width="${width}" height="${height}" fill="${palette.background}"/>` : '',
    axes(model, frame, drawing),
    ...(model.diagonal ? [diagonal(frame, palette)] : []),
    ...model.series.map((series) => drawSeries(model, series, frame, palette)),
    marks(model, frame, palette),
    legend(model, frame, palette, width),
  ]
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
    `role="img" font-family="${escape(font)}" font-size="12"><title>${escape(model.title)}</title>` +
    `<desc>${escape(model.summary)}</desc>${parts.join('')}</svg>`
  )
}

export const escape = (text: string): string =>
  // Marks that turn the direction of text around would let a name rewrite its neighbours.
  text
    .replace(/[\u202a-\u202e\u2066-\u2069\u200e\u200f]/g, '')
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')

function frameOf(model: ChartModel, { width, height }: Drawing): Frame {
  const { lying } = model
  const names = (lying ? model.x : model.y).categories ?? model.x.categories
  const left = lying && names ? Math.min(width * 0.4, 24 + 6.4 * Math.max(...names.map((n) => clip(n).length))) : 64
  const box = { left, right: width - (model.right ? 60 : 16), top: 30, bottom: height - 42 }
  const down = lying ? 'x' : 'y'
  const across = lying ? 'y' : 'x'
  return {
    x: scaleOf(model, across, box.left, box.right, (box.right - box.left) / 90),
    y: scaleOf(model, down, ...(lying ? ([box.top, box.bottom] as const) : ([box.bottom, box.top] as const)), 5),
    right: model.right && scaleOf(model, 'right', box.bottom, box.top, 5),
    box,
  }
}

function scaleOf(model: ChartModel, side: 'x' | 'y' | 'right', from: number, to: number, wanted: number): Scale {
  const axis = model[side]!
  const [low, high] = rangeOf(model, side)
  if (axis.categories) {
    const count = Math.max(1, axis.categories.length)
    const place = (value: number): number => from + ((value + 0.5) / count) * (to - from)
    const every = Math.ceil(count / Math.max(1, Math.abs(to - from) / 15))
    const ticks = Array.from({ length: count }, (_, i) => i).filter((i) => i % every === 0)
    return Object.assign(place, { ticks })
  }
  return axis.log && low > 0 ? logScale(low, high, from, to) : linearScale(low, high, from, to, wanted)
}

const at = (value: number): string => value.toFixed(1)

/** A name that is too long for a label. */
export const clip = (name: string, most = 28): string => (name.length > most ? `${name.slice(0, most - 1)}…` : name)

const tickText = (axis: Axis, value: number): string =>
  axis.categories ? clip(axis.categories[value] ?? '') : axis.text ? axis.text(value) : String(value)

function axes(model: ChartModel, { x, y, right, box }: Frame, { palette, height, width }: Drawing): string {
  const [across, down] = model.lying ? [model.y, model.x] : [model.x, model.y]
  const line = (x1: number, y1: number, x2: number, y2: number): string =>
    `<path d="M${at(x1)} ${at(y1)}L${at(x2)} ${at(y2)}" stroke="${palette.line}" fill="none"/>`
  const text = (left: number, top: number, anchor: string, value: string, colour = palette.muted): string =>
    `<text x="${at(left)}" y="${at(top)}" text-anchor="${anchor}" fill="${colour}">${escape(value)}</text>`
  const rows = y.ticks.map(
    (tick) =>
      (down.categories ? '' : line(box.left, y(tick), box.right, y(tick))) +
      text(box.left - 8, y(tick) + 4, 'end', tickText(down, tick)),
  )
  const columns = x.ticks.map(
    (tick) =>
      (across.categories
        ? line(x(tick), box.bottom, x(tick), box.bottom + tickLength)
        : line(x(tick), box.top, x(tick), box.bottom)) +
      text(x(tick), box.bottom + 17, 'middle', tickText(across, tick)),
  )
  const more = right
    ? right.ticks.map((tick) => text(box.right + 8, right(tick) + 4, 'start', tickText(model.right!, tick)))
    : []
  const turned = (left: number, label: string): string =>
    `<text transform="translate(${at(left)} ${at((box.top + box.bottom) / 2)}) rotate(-90)" text-anchor="middle" fill="${palette.text}">${escape(label)}</text>`
  return [
    ...rows,
    ...columns,
    ...more,
    line(box.left, box.bottom, box.right, box.bottom),
    text((box.left + box.right) / 2, height - 8, 'middle', across.label, palette.text),
    down.categories ? '' : turned(14, down.label),
    right ? turned(width - 8, model.right!.label) : '',
  ].join('')
}

function diagonal({ x, y }: Frame, palette: Palette): string {
  const low = Math.max(x.ticks[0]!, y.ticks[0]!)
  const high = Math.min(x.ticks.at(-1)!, y.ticks.at(-1)!)
  if (low >= high) return ''
  return `<path d="M${at(x(low))} ${at(y(low))}L${at(x(high))} ${at(y(high))}" stroke="${palette.muted}" stroke-dasharray="4 3" fill="none"/>`
}

function drawSeries(model: ChartModel, series: Series, frame: Frame, palette: Palette): string {
  const colour = palette[series.colour]
  const y = series.right && frame.right ? frame.right : frame.y
  const place = (i: number): readonly [number, number] =>
    model.lying ? [frame.x(series.y[i]!), frame.y(series.x[i]!)] : [frame.x(series.x[i]!), y(series.y[i]!)]
  if (series.kind === 'bars') return bars(model, series, frame, colour)
  if (series.kind === 'line' || series.kind === 'step') return path(series, place, colour)
  return dots(series, place, frame, y, colour, palette)
}

function path(series: Series, place: (i: number) => readonly [number, number], colour: string): string {
  let d = ''
  let open = false
  for (let i = 0; i < series.x.length; i++) {
    if (Number.isNaN(series.y[i]!)) {
      open = false
      continue
    }
    const [left, top] = place(i)
    d += !open
      ? `M${at(left)} ${at(top)}`
      : series.kind === 'step'
        ? `H${at(left)}V${at(top)}`
        : `L${at(left)} ${at(top)}`
    open = true
  }
  const dash = series.dashed ? ' stroke-dasharray="5 4"' : ''
  return `<path d="${d}" fill="none" stroke="${colour}" stroke-width="1.8"${dash}/>`
}

function dots(
  series: Series,
  place: (i: number) => readonly [number, number],
  frame: Frame,
  y: Scale,
  colour: string,
  palette: Palette,
): string {
  const taken = new Set<string>()
  const parts: string[] = []
  for (let i = 0; i < series.x.length; i++) {
    const [left, top] = place(i)
    if (!Number.isFinite(left + top)) continue
    const cell = `${Math.round(left / dotCell)}/${Math.round(top / dotCell)}`
    if (taken.has(cell)) continue
    taken.add(cell)
    const [low, high] = [series.low?.[i], series.high?.[i]]
    if (low !== undefined && high !== undefined && low < high)
      parts.push(
        series.intervals === 'y'
          ? `<path d="M${at(left)} ${at(y(low))}V${at(y(high))}" stroke="${colour}" opacity="0.55"/>`
          : `<path d="M${at(frame.x(low))} ${at(top)}H${at(frame.x(high))}" stroke="${colour}" opacity="0.55"/>`,
      )
    const look =
      series.kind === 'dots' ? `fill="${colour}" stroke="${palette.background}"` : `fill="none" stroke="${colour}"`
    parts.push(`<circle cx="${at(left)}" cy="${at(top)}" r="3.2" ${look}/>`)
    const letter = series.letters?.[i]
    if (letter)
      parts.push(
        `<text x="${at(left - 7)}" y="${at(top - 6)}" text-anchor="end" font-weight="600" fill="${colour}">${escape(letter)}</text>`,
      )
  }
  return parts.join('')
}

function bars(model: ChartModel, series: Series, frame: Frame, colour: string): string {
  const others = model.series.filter(({ kind }) => kind === 'bars')
  const index = model.stacked ? 0 : others.indexOf(series)
  const slot = slotWidth(model, series, frame)
  const width = Math.max(1, (slot * 0.8) / (model.stacked ? 1 : others.length))
  const value = model.lying ? frame.x : series.right && frame.right ? frame.right : frame.y
  const along = model.lying ? frame.y : frame.x
  const zero = value(0)
  const parts: string[] = []
  for (let i = 0; i < series.x.length; i++) {
    const end = value(series.y[i]!)
    if (Number.isNaN(end)) continue
    const start = along(series.x[i]!) - slot * 0.4 + index * width
    const [low, size] = [Math.min(zero, end), Math.abs(end - zero)]
    parts.push(
      model.lying
        ? `<rect x="${at(low)}" y="${at(start)}" width="${at(size)}" height="${at(width)}"/>`
        : `<rect x="${at(start)}" y="${at(low)}" width="${at(width)}" height="${at(size)}"/>`,
    )
  }
  return `<g fill="${colour}">${parts.join('')}</g>`
}

/** Room for one place's bars. */
function slotWidth(model: ChartModel, series: Series, frame: Frame): number {
  const along = model.lying ? frame.y : frame.x
  if (model.x.categories) return Math.abs(along(1) - along(0))
  let least = Infinity
  for (let i = 1; i < series.x.length; i++)
    least = Math.min(least, Math.abs(along(series.x[i]!) - along(series.x[i - 1]!)))
  return Number.isFinite(least) && least > 0 ? least : 24
}

function marks(model: ChartModel, { x, y, box }: Frame, palette: Palette): string {
  return (model.marks ?? [])
    .map(({ axis, at: value, label, colour }) => {
      const stroke = colour ? palette[colour] : palette.text
      const across = (axis === 'x') !== (model.lying ?? false)
      return across
        ? `<path d="M${at(x(value))} ${box.top}V${box.bottom}" stroke="${stroke}" stroke-dasharray="5 3"/>` +
            `<text x="${at(x(value) + 4)}" y="${box.top + 11}" fill="${stroke}">${escape(label)}</text>`
        : `<path d="M${box.left} ${at(y(value))}H${box.right}" stroke="${stroke}" stroke-dasharray="5 3"/>` +
            `<text x="${box.right}" y="${at(y(value) - 4)}" text-anchor="end" fill="${stroke}">${escape(label)}</text>`
    })
    .join('')
}

/** Names of the series, each with its own sign, in a row above the plot. */
function legend(model: ChartModel, { box }: Frame, palette: Palette, width: number): string {
  const named = model.series.filter(({ name, x }) => name && x.length > 0)
  if (named.length < 2) return ''
  let left = box.left
  return named
    .map(({ name, kind, colour, dashed }) => {
      const from = left
      left += 22 + 6.6 * name.length
      if (left > width) return ''
      const stroke = palette[colour]
      const sign =
        kind === 'bars'
          ? `<rect x="${from}" y="9" width="10" height="10" fill="${stroke}"/>`
          : kind === 'line' || kind === 'step'
            ? `<path d="M${from} 14H${from + 12}" stroke="${stroke}" stroke-width="2"${dashed ? ' stroke-dasharray="4 3"' : ''}/>`
            : `<circle cx="${from + 5}" cy="14" r="3.5" ${kind === 'dots' ? `fill="${stroke}"` : `fill="none" stroke="${stroke}"`}/>`
      return `${sign}<text x="${from + 15}" y="18" fill="${palette.muted}">${escape(name)}</text>`
    })
    .join('')
}
