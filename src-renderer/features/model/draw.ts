import type { GraphNode } from '../../../src-main/contract/model'
import { count } from '../../format'
import { shortName } from '../../names'
import { isWide, type Box, type Layout } from './layout'
import { sizesText } from './rows'
import type { Size, View } from './view'

/** What is drawn, apart from where one looks. */
export interface Scene {
  readonly nodes: readonly GraphNode[]
  readonly edges: readonly (readonly [number, number])[]
  readonly layout: Layout
  /** Per node: text of the second line, or undefined for the usual one. */
  readonly captions: readonly (string | undefined)[]
  /** Per node, 0 … 1: how dark it is coloured; undefined: not at all. */
  readonly heat: readonly (number | undefined)[]
  /** Nodes of groups that stay whole. */
  readonly whole: ReadonlySet<number>
  readonly selected: number | undefined
  /** Nodes that make the lit channels, and those that read them. */
  readonly lit: { readonly makes: ReadonlySet<number>; readonly reads: ReadonlySet<number> }
  /** Nodes that were looked for. */
  readonly found: ReadonlySet<number>
}

/** Colours, from the style sheet. */
export interface Palette {
  readonly panel: string
  readonly raised: string
  readonly line: string
  readonly strong: string
  readonly text: string
  readonly muted: string
  readonly accent: string
  readonly attention: string
  readonly attentionBack: string
  readonly heat: string
  readonly font: string
  readonly mono: string
}

/** Below this scale letters are specks: boxes only. */
const readable = 0.42

/** Draws what is seen; what lies outside costs a comparison. */
export function draw(ctx: CanvasRenderingContext2D, scene: Scene, view: View, size: Size, palette: Palette): void {
  const ratio = ctx.canvas.width / size.width
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0)
  ctx.clearRect(0, 0, size.width, size.height)
  const { scale } = view
  ctx.setTransform(ratio * scale, 0, 0, ratio * scale, -view.x * scale * ratio, -view.y * scale * ratio)
  const seen = {
    left: view.x,
    right: view.x + size.width / scale,
    top: view.y,
    bottom: view.y + size.height / scale,
  }
  drawEdges(ctx, scene, seen, scale, palette)
  ctx.textBaseline = 'middle'
  ctx.direction = 'ltr'
  scene.layout.boxes.forEach((box, i) => {
    if (box.x + box.width / 2 < seen.left || box.x - box.width / 2 > seen.right) return
    if (box.y + box.height / 2 < seen.top || box.y - box.height / 2 > seen.bottom) return
    drawNode(ctx, scene, i, box, scale, palette)
  })
}

interface Seen {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

function drawEdges(ctx: CanvasRenderingContext2D, scene: Scene, seen: Seen, scale: number, palette: Palette): void {
  const lit: number[] = []
  ctx.lineWidth = Math.max(1, 0.6 / scale)
  ctx.strokeStyle = palette.strong
  ctx.beginPath()
  scene.layout.lines.forEach((line, i) => {
    if (line[1]! > seen.bottom || line.at(-1)! < seen.top) return
    const [from, to] = scene.edges[i]!
    if (scene.lit.makes.has(from) && (scene.lit.makes.has(to) || scene.lit.reads.has(to))) lit.push(i)
    else trace(ctx, line)
  })
  ctx.stroke()
  if (lit.length === 0) return
  ctx.lineWidth = Math.max(2, 1.4 / scale)
  ctx.strokeStyle = palette.accent
  ctx.beginPath()
  for (const i of lit) trace(ctx, scene.layout.lines[i]!)
  ctx.stroke()
}

function trace(ctx: CanvasRenderingContext2D, line: Float32Array): void {
  ctx.moveTo(line[0]!, line[1]!)
  for (let i = 2; i < line.length; i += 2) {
    const [x0, y0, x1, y1] = [line[i - 2]!, line[i - 1]!, line[i]!, line[i + 1]!]
    if (x0 === x1) ctx.lineTo(x1, y1)
    else ctx.bezierCurveTo(x0, (y0 + y1) / 2, x1, (y0 + y1) / 2, x1, y1)
  }
}

function drawNode(
  ctx: CanvasRenderingContext2D,
  scene: Scene,
  i: number,
  box: Box,
  scale: number,
  palette: Palette,
): void {
  const node = scene.nodes[i]!
  const [left, top] = [box.x - box.width / 2, box.y - box.height / 2]
  const isLit = scene.lit.makes.has(i)
  const reads = !isLit && scene.lit.reads.has(i)
  ctx.beginPath()
  ctx.roundRect(left, top, box.width, box.height, node.kind === 'input' || node.kind === 'output' ? 10 : 3)
  ctx.fillStyle = node.kind === 'opaque' ? palette.attentionBack : isWide(node) ? palette.panel : palette.raised
  ctx.fill()
  const heat = scene.heat[i]
  if (heat !== undefined && heat > 0) {
    ctx.globalAlpha = 0.08 + 0.62 * heat
    ctx.fillStyle = palette.heat
    ctx.fill()
    ctx.globalAlpha = 1
  }
  if (isLit) {
    ctx.globalAlpha = 0.16
    ctx.fillStyle = palette.accent
    ctx.fill()
    ctx.globalAlpha = 1
  }
  const isSelected = scene.selected === i
  ctx.lineWidth = isSelected ? Math.max(2.5, 2 / scale) : isLit || reads ? Math.max(2, 1.2 / scale) : 1
  ctx.strokeStyle =
    node.kind === 'opaque' && !isSelected
      ? palette.attention
      : isSelected || isLit || reads
        ? palette.accent
        : palette.strong
  if (reads) ctx.setLineDash([5, 3])
  ctx.stroke()
  if (reads) ctx.setLineDash([])
  if (scene.found.has(i)) {
    ctx.lineWidth = Math.max(2, 2 / scale)
    ctx.strokeStyle = palette.attention
    ctx.strokeRect(left - 4, top - 4, box.width + 8, box.height + 8)
  }
  if (scene.whole.has(i)) drawWhole(ctx, left, top, box, palette)
  if (scale >= readable) write(ctx, scene, i, box, left, palette)
}

/** A bar at the left: these channels stay whole. */
function drawWhole(ctx: CanvasRenderingContext2D, left: number, top: number, box: Box, palette: Palette): void {
  ctx.fillStyle = palette.text
  ctx.fillRect(left, top, 5, box.height)
}

function write(ctx: CanvasRenderingContext2D, scene: Scene, i: number, box: Box, left: number, palette: Palette): void {
  const node = scene.nodes[i]!
  const inner = box.width - 16
  ctx.fillStyle = palette.text
  if (!isWide(node)) {
    ctx.font = `11.5px ${palette.font}`
    ctx.textAlign = 'center'
    const caption = scene.captions[i]
    ctx.fillText(clip(ctx, shortName(caption ? `${node.op} · ${caption}` : node.op, 30), inner), box.x, box.y + 0.5)
    return
  }
  ctx.textAlign = 'left'
  ctx.font = `600 11.5px ${palette.font}`
  const op = node.kind === 'opaque' ? `⚠ ${shortName(node.op, 16)}` : shortName(node.op, 16)
  ctx.fillText(op, left + 9, box.y - 8)
  const taken = widthOf(ctx, `${op} `) + 4
  ctx.font = `11.5px ${palette.mono}`
  const name = clip(ctx, shortName(node.layer, 44), inner - taken, true)
  ctx.fillText(name, left + 9 + taken, box.y - 8)
  ctx.font = `11.5px ${palette.font}`
  ctx.fillStyle = scene.heat[i] ? palette.text : palette.muted
  ctx.fillText(clip(ctx, scene.captions[i] ?? captionOf(node), inner), left + 9, box.y + 8)
}

/** "16 × 32 × 32 · 2.36 M MACs" */
export function captionOf(node: GraphNode): string {
  const shape = sizesText(node.shape)
  return [shape, node.macs > 0 && `${count(node.macs)} MACs`].filter(Boolean).join(' · ')
}

const widths = new Map<string, number>()

function widthOf(ctx: CanvasRenderingContext2D, text: string): number {
  const key = `${ctx.font}|${text}`
  const width = widths.get(key) ?? ctx.measureText(text).width
  if (widths.size < 20_000) widths.set(key, width)
  return width
}

const clipped = new Map<string, string>()

/** As much as fits; of names the beginning goes. Remembered: measuring text is what costs most while panning. */
function clip(ctx: CanvasRenderingContext2D, text: string, width: number, fromStart = false): string {
  const key = `${ctx.font}|${Math.round(width)}|${text}`
  const known = clipped.get(key)
  if (known !== undefined) return known
  if (clipped.size > 20_000) clipped.clear()
  const cut = cutText(ctx, text, width, fromStart)
  clipped.set(key, cut)
  return cut
}

function cutText(ctx: CanvasRenderingContext2D, text: string, width: number, fromStart: boolean): string {
  if (ctx.measureText(text).width <= width) return text
  const signs = [...text]
  let [fits, too] = [0, signs.length]
  while (too - fits > 1) {
    const middle = (fits + too) >> 1
    const part = fromStart ? signs.slice(signs.length - middle) : signs.slice(0, middle)
    if (ctx.measureText(`${part.join('')}…`).width <= width) fits = middle
    else too = middle
  }
  return fromStart ? `…${signs.slice(signs.length - fits).join('')}` : `${signs.slice(0, fits).join('')}…`
}
