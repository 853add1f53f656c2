/**
 * One image of the sample: a tool, turned, scaled and moved at random, lighter or darker than its ground, under
 * uneven light, clutter and noise. Only + − × ÷ and square roots, so that every machine draws the same bytes.
 */
import type { Random } from '../../core/ports'
import { maskSide } from './shapes'

export const side = 32
const pixels = side * side

/** How hard it is; tuned so that a ResNet-20 stays a little below 0.95 and a linear classifier far below 0.6. */
const noise = 28
const leastContrast = 32
const mostContrast = 110
/** How often the tool is darker than its ground. */
const darker = 0.75

/** What is painted: a question to a place in pixels, and the disc outside of which it is always answered no. */
interface Area {
  readonly covers: (x: number, y: number) => boolean
  readonly cx: number
  readonly cy: number
  readonly reach: number
}

type Colour = readonly [red: number, green: number, blue: number]

/** Draws the silhouette (a mask of shapes.ts) as 3 × 32 × 32 bytes into `into` at `offset`. */
export function drawImage(mask: Uint8Array, random: Random, into: Uint8Array, offset: number): void {
  const ground = colour(random, 70, 185)
  const canvas = new Float32Array(3 * pixels)
  ground.forEach((value, c) => canvas.fill(value, c * pixels, (c + 1) * pixels))
  for (let patch = 2 + random.below(3); patch > 0; patch--) paintPatch(canvas, random, ground, 45)
  paint(canvas, toolColour(random, ground), placed(mask, random))
  if (random.next() < 0.5) paintPatch(canvas, random, ground, 60)
  finish(canvas, random, into, offset)
}

const between = (random: Random, low: number, high: number): number => low + (high - low) * random.next()

const colour = (random: Random, low: number, high: number): Colour => [
  between(random, low, high),
  between(random, low, high),
  between(random, low, high),
]

/** Darker than the ground mostly, lighter often enough that neither brightness nor a fixed template gives it away. */
function toolColour(random: Random, ground: Colour): Colour {
  const step = between(random, leastContrast, mostContrast) * (random.next() < darker ? -1 : 1)
  const tint = colour(random, -25, 25)
  return [ground[0] + step + tint[0], ground[1] + step + tint[1], ground[2] + step + tint[2]]
}

/** A unit vector in a random direction, without trigonometry: a point of the disc, divided by its length. */
function direction(random: Random): readonly [number, number] {
  for (;;) {
    const [x, y] = [between(random, -1, 1), between(random, -1, 1)]
    const length = Math.sqrt(x * x + y * y)
    if (length > 0.1 && length <= 1) return [x / length, y / length]
  }
}

/** The mask under a random rotation, scale, stretch, mirroring and position, as the area it covers. */
function placed(mask: Uint8Array, random: Random): Area {
  const [cos, sin] = direction(random)
  const radius = between(random, 9, 15)
  const stretch = between(random, 0.8, 1.2)
  const [toColumn, toRow] = [maskSide / 2 / (radius * stretch), (maskSide / 2 / radius) * stretch]
  const mirror = random.next() < 0.5 ? -1 : 1
  const [cx, cy] = [between(random, 12, 20), between(random, 12, 20)]
  const covers = (x: number, y: number): boolean => {
    const column = Math.floor((cos * (x - cx) + sin * (y - cy)) * mirror * toColumn + maskSide / 2)
    const row = Math.floor((cos * (y - cy) - sin * (x - cx)) * toRow + maskSide / 2)
    if (column < 0 || row < 0 || column >= maskSide || row >= maskSide) return false
    return mask[row * maskSide + column] === 1
  }
  return { covers, cx, cy, reach: radius * 1.25 }
}

/** A bar or a disc somewhere, of a colour within `spread` of the ground's. */
function paintPatch(canvas: Float32Array, random: Random, ground: Colour, spread: number): void {
  const offset = colour(random, -spread, spread)
  const [cx, cy] = [between(random, 0, side), between(random, 0, side)]
  const [cos, sin] = direction(random)
  const [long, wide] = [between(random, 3, 14), between(random, 0.7, 2.5)]
  const round = random.next() < 0.4
  const radius = between(random, 1.5, 5)
  const covers = (x: number, y: number): boolean => {
    const [dx, dy] = [x - cx, y - cy]
    if (round) return dx * dx + dy * dy < radius * radius
    return Math.abs(cos * dx + sin * dy) < long && Math.abs(cos * dy - sin * dx) < wide
  }
  const reach = round ? radius : long + wide
  paint(canvas, [ground[0] + offset[0], ground[1] + offset[1], ground[2] + offset[2]], { covers, cx, cy, reach })
}

/** Mixes the colour in by the part of each pixel that is covered, four probes per pixel, within reach of (cx, cy). */
function paint(canvas: Float32Array, [red, green, blue]: Colour, { covers, cx, cy, reach }: Area): void {
  const [left, right] = [Math.max(0, Math.floor(cx - reach)), Math.min(side, Math.ceil(cx + reach))]
  const [top, bottom] = [Math.max(0, Math.floor(cy - reach)), Math.min(side, Math.ceil(cy + reach))]
  for (let y = top; y < bottom; y++)
    for (let x = left; x < right; x++) {
      let hits = 0
      if (covers(x + 0.25, y + 0.25)) hits++
      if (covers(x + 0.75, y + 0.25)) hits++
      if (covers(x + 0.25, y + 0.75)) hits++
      if (covers(x + 0.75, y + 0.75)) hits++
      if (hits === 0) continue
      const p = y * side + x
      const share = hits / 4
      canvas[p] += (red - canvas[p]) * share
      canvas[p + pixels] += (green - canvas[p + pixels]) * share
      canvas[p + 2 * pixels] += (blue - canvas[p + 2 * pixels]) * share
    }
}

/** Light that falls off to one side; noise, triangular (the sum of two uniforms: no tails to clip); bytes. */
function finish(canvas: Float32Array, random: Random, into: Uint8Array, offset: number): void {
  const [lightX, lightY] = direction(random)
  const slope = between(random, 0, 0.45) / side
  // One xorshift word per value: core's streams are better and twenty times slower, for three thousand values.
  let word = random.below(0xffffffff) + 1
  const amplitude = (noise * Math.sqrt(6)) / 65535
  for (let c = 0, i = 0; c < 3; c++)
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side; x++, i++) {
        word ^= word << 13
        word ^= word >>> 17
        word ^= word << 5
        const grain = ((word & 0xffff) + (word >>> 16) - 65535) * amplitude
        const light = 1 + slope * (lightX * (x - side / 2) + lightY * (y - side / 2))
        into[offset + i] = Math.max(0, Math.min(255, Math.round(canvas[i] * light + grain)))
      }
}
