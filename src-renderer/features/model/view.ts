import type { Layout } from './layout'

/** Which part of the drawing is seen: screen = (drawing − origin) · scale. */
export interface View {
  readonly x: number
  readonly y: number
  readonly scale: number
}

export interface Size {
  readonly width: number
  readonly height: number
}

const [smallest, largest] = [0.02, 3]
const margin = 24

const clampScale = (scale: number): number => Math.min(largest, Math.max(smallest, scale))

/** All of it, but never larger than it is. */
export function fit({ left, right, top, bottom }: Layout, { width, height }: Size): View {
  const scale = clampScale(
    Math.min(1, (width - 2 * margin) / (right - left || 1), (height - 2 * margin) / (bottom - top || 1)),
  )
  return { scale, x: (left + right) / 2 - width / 2 / scale, y: (top + bottom) / 2 - height / 2 / scale }
}

/** The beginning, at a size that can be read. */
export function beginning(layout: Layout, size: Size): View {
  const whole = fit(layout, size)
  if (whole.scale > 0.75) return whole
  const first = layout.boxes[0]
  return { scale: 1, x: (first?.x ?? 0) - size.width / 2, y: layout.top - margin }
}

/** Larger or smaller, what is under the point (on screen) staying there. */
export function zoomAt(view: View, factor: number, px: number, py: number): View {
  const scale = clampScale(view.scale * factor)
  return { scale, x: view.x + px / view.scale - px / scale, y: view.y + py / view.scale - py / scale }
}

/** Moved so that a point of the drawing is seen, if it is not; `centred` puts it in the middle. */
export function reveal(view: View, x: number, y: number, { width, height }: Size, centred = false): View {
  const [sx, sy] = [(x - view.x) * view.scale, (y - view.y) * view.scale]
  if (centred) return { ...view, x: x - width / 2 / view.scale, y: y - height / 2 / view.scale }
  const [edgeX, edgeY] = [Math.min(110, width / 4), Math.min(40, height / 4)]
  const beyond = (at: number, edge: number, length: number): number =>
    Math.min(0, at - edge) + Math.max(0, at - (length - edge))
  return {
    ...view,
    x: view.x + beyond(sx, edgeX, width) / view.scale,
    y: view.y + beyond(sy, edgeY, height) / view.scale,
  }
}

/** Moved by pixels of the screen, but never so far that nothing is left to be seen. */
export function pan(view: View, dx: number, dy: number, layout: Layout, { width, height }: Size): View {
  const keep = 60 / view.scale
  const x = Math.min(layout.right - keep, Math.max(layout.left + keep - width / view.scale, view.x + dx / view.scale))
  const y = Math.min(layout.bottom - keep, Math.max(layout.top + keep - height / view.scale, view.y + dy / view.scale))
  return { ...view, x, y }
}
