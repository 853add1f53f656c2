/**
 * Ten tools as silhouettes, each from a few polygons and discs. Units: the tool lies in the disc of radius 1 around
 * the origin, so that it can turn without leaving it.
 */
type Point = readonly [x: number, y: number]
type Part =
  | { readonly add: readonly Point[] }
  | { readonly cut: readonly Point[] }
  | { readonly disc: readonly [x: number, y: number, radius: number]; readonly cut?: true }

const box = (left: number, top: number, right: number, bottom: number): Point[] => [
  [left, top],
  [right, top],
  [right, bottom],
  [left, bottom],
]

/** Corners on circles of the given radii in turn. Rounded, so that every machine has the same corners. */
const star = (corners: number, ...radii: readonly number[]): Point[] =>
  Array.from({ length: corners }, (_, i) => {
    const [angle, radius] = [(2 * Math.PI * i) / corners, radii[i % radii.length] * 1000]
    return [Math.round(radius * Math.cos(angle)) / 1000, Math.round(radius * Math.sin(angle)) / 1000]
  })

/** Later parts are added to or cut out of the earlier ones. */
const tools: Readonly<Record<string, readonly Part[]>> = {
  hammer: [{ add: box(-0.1, -0.6, 0.1, 0.95) }, { add: box(-0.5, -0.85, 0.5, -0.45) }],
  axe: [
    { add: box(-0.1, -0.9, 0.1, 0.95) },
    {
      add: [
        [0.1, -0.7],
        [0.55, -0.82],
        [0.55, -0.1],
        [0.1, -0.3],
      ],
    },
  ],
  spanner: [
    { add: box(-0.13, -0.4, 0.13, 0.45) },
    { disc: [0, -0.6, 0.37] },
    { cut: box(-0.14, -1, 0.14, -0.58) },
    { disc: [0, 0.62, 0.33] },
    { disc: [0, 0.62, 0.14], cut: true },
  ],
  screwdriver: [{ add: box(-0.22, 0.15, 0.22, 0.95) }, { add: box(-0.07, -0.95, 0.07, 0.2) }],
  saw: [
    {
      add: [
        [-0.3, -0.92],
        [-0.08, -0.92],
        [0.3, 0.4],
        [-0.3, 0.4],
      ],
    },
    { disc: [0, 0.6, 0.34] },
    { disc: [0, 0.6, 0.15], cut: true },
  ],
  magnifier: [{ disc: [0, -0.42, 0.5] }, { disc: [0, -0.42, 0.33], cut: true }, { add: box(-0.1, 0.05, 0.1, 0.95) }],
  nut: [{ add: star(6, 0.8) }, { disc: [0, 0, 0.38], cut: true }],
  gear: [{ add: star(24, 0.9, 0.9, 0.62, 0.62) }, { disc: [0, 0, 0.3], cut: true }],
  key: [
    { disc: [0, -0.58, 0.36] },
    { disc: [0, -0.58, 0.18], cut: true },
    { add: box(-0.09, -0.25, 0.09, 0.95) },
    { add: box(0.09, 0.45, 0.36, 0.6) },
    { add: box(0.09, 0.75, 0.36, 0.9) },
  ],
  scissors: [
    {
      add: [
        [-0.5, -0.85],
        [-0.35, -0.92],
        [0.3, 0.5],
        [0.12, 0.55],
      ],
    },
    {
      add: [
        [0.5, -0.85],
        [0.35, -0.92],
        [-0.3, 0.5],
        [-0.12, 0.55],
      ],
    },
    { disc: [-0.3, 0.62, 0.27] },
    { disc: [-0.3, 0.62, 0.12], cut: true },
    { disc: [0.3, 0.62, 0.27] },
    { disc: [0.3, 0.62, 0.12], cut: true },
  ],
}

export const toolNames: readonly string[] = Object.keys(tools)

/** Side of a mask, in cells; it covers −1 … 1 in both directions. */
export const maskSide = 96

/** One tool's silhouette: 1 where the cell's centre lies inside, row by row. */
export function toolMask(name: string): Uint8Array {
  const mask = new Uint8Array(maskSide * maskSide)
  for (let row = 0; row < maskSide; row++)
    for (let column = 0; column < maskSide; column++) {
      const [x, y] = [((column + 0.5) * 2) / maskSide - 1, ((row + 0.5) * 2) / maskSide - 1]
      let inside = false
      for (const part of tools[name]) {
        const cuts = 'cut' in part
        if (inside === cuts && contains(part, x, y)) inside = !cuts
      }
      mask[row * maskSide + column] = inside ? 1 : 0
    }
  return mask
}

function contains(part: Part, x: number, y: number): boolean {
  if ('disc' in part) return (x - part.disc[0]) ** 2 + (y - part.disc[1]) ** 2 <= part.disc[2] ** 2
  const corners = 'add' in part ? part.add : part.cut
  let inside = false
  for (let i = 0, j = corners.length - 1; i < corners.length; j = i++) {
    const [[xi, yi], [xj, yj]] = [corners[i], corners[j]]
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside
  }
  return inside
}
