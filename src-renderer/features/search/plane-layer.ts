import type { Palette } from '../../../src-main/core/charts/svg'
import type { Candidates } from '../../stores/candidates'
import { heightOf, isFeasible, type PlaneAxis, type PlaneBox, type PlaneScales } from './plane'

export interface PlaneDrawing {
  readonly candidates: Candidates
  readonly scales: PlaneScales
  readonly axis: PlaneAxis
  readonly box: PlaneBox
  readonly budget: number | undefined
  /** The predictor's margin. */
  readonly reserve: number
  readonly palette: Palette
}

/** Dots whose centres fall into one square of this side (CSS px) look like one: only the first is drawn. */
const cell = 2

/**
 * The dots of the plane on a canvas. Tens of thousands are drawn once; after that only what has come since, as long as
 * nothing else has changed.
 */
export class PlaneLayer {
  private last: PlaneDrawing | undefined
  private drawn = 0
  private measurements = 0
  private taken = new Uint8Array(0)
  private sprites: Readonly<Record<string, HTMLCanvasElement>> = {}

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly ratio: () => number = () => devicePixelRatio || 1,
  ) {}

  draw(drawing: PlaneDrawing): void {
    const context = this.canvas.getContext('2d')
    if (!context) return
    const scale = this.ratio()
    if (!this.continues(drawing, scale)) this.begin(drawing, context, scale)
    this.last = drawing
    this.measurements = drawing.candidates.measurements
    const { candidates } = drawing
    // Predicted ones first: what the device has said lies on top.
    for (let index = this.drawn; index < candidates.count; index++)
      if (!candidates.isMeasured(index)) this.dot(drawing, index, context)
    for (let index = this.drawn; index < candidates.count; index++)
      if (candidates.isMeasured(index)) this.dot(drawing, index, context)
    this.drawn = candidates.count
  }

  private continues(next: PlaneDrawing, scale: number): boolean {
    const { last } = this
    if (!last || last.candidates !== next.candidates || this.measurements !== next.candidates.measurements) return false
    const { box, scales } = next
    if (this.canvas.width !== Math.round(box.width * scale) || this.canvas.height !== Math.round(box.height * scale))
      return false
    return (
      last.axis === next.axis &&
      last.budget === next.budget &&
      last.reserve === next.reserve &&
      last.palette === next.palette &&
      sameTicks(last.scales.x.ticks, scales.x.ticks) &&
      sameTicks(last.scales.y.ticks, scales.y.ticks)
    )
  }

  private begin({ box, palette }: PlaneDrawing, context: CanvasRenderingContext2D, scale: number): void {
    this.canvas.width = Math.round(box.width * scale)
    this.canvas.height = Math.round(box.height * scale)
    context.setTransform(scale, 0, 0, scale, 0, 0)
    this.taken = new Uint8Array(Math.ceil(box.width / cell) * Math.ceil(box.height / cell))
    this.drawn = 0
    this.sprites = {
      predicted: sprite(palette.candidate, false, 3, scale),
      estimated: sprite(palette.candidate, false, 1.6, scale),
      'predicted-off': sprite(palette.faint, false, 2.6, scale),
      'estimated-off': sprite(palette.faint, false, 1.4, scale),
      measured: sprite(palette.measured, true, 3.8, scale),
      'measured-off': sprite(palette.faint, true, 3.4, scale),
    }
  }

  private dot(drawing: PlaneDrawing, index: number, context: CanvasRenderingContext2D): void {
    const { candidates, scales, axis, box, budget, reserve } = drawing
    const x = scales.x(candidates.latency(index))
    const y = scales.y(heightOf(candidates, index, axis))
    if (!(x >= 0 && x < box.width && y >= 0 && y < box.height)) return
    const isMeasured = candidates.isMeasured(index)
    const at = Math.floor(y / cell) * Math.ceil(box.width / cell) + Math.floor(x / cell)
    if (!isMeasured && this.taken[at]) return
    this.taken[at] = 1
    const kind = isMeasured ? 'measured' : candidates.isEstimated(index) ? 'estimated' : 'predicted'
    const image = this.sprites[isFeasible(candidates, index, budget, reserve) ? kind : `${kind}-off`]
    if (!image) return
    const size = Number(image.dataset['size'])
    context.drawImage(image, x - size / 2, y - size / 2, size, size)
  }
}

const sameTicks = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a[0] === b[0] && a.at(-1) === b.at(-1)

/** One dot, drawn once: a picture is copied faster than a circle is drawn. */
function sprite(colour: string, filled: boolean, radius: number, scale: number): HTMLCanvasElement {
  const size = Math.ceil(radius * 2 + 3)
  const canvas = document.createElement('canvas')
  canvas.dataset['size'] = String(size)
  canvas.width = canvas.height = Math.round(size * scale)
  const context = canvas.getContext('2d')
  if (!context) return canvas
  context.setTransform(scale, 0, 0, scale, 0, 0)
  context.beginPath()
  context.arc(size / 2, size / 2, radius, 0, 2 * Math.PI)
  context.lineWidth = 1.2
  context.fillStyle = context.strokeStyle = colour
  if (filled) context.fill()
  else context.stroke()
  return canvas
}
