/** One of sixteen colours, as terminals number them: 0 black, 1 red, 2 green, 3 yellow, 4 blue, 5 magenta, 6 cyan, 7 white; 8 more: bright. */
export type Colour = number

/** How a character looks. */
export interface Style {
  readonly colour?: Colour | undefined
  readonly ground?: Colour | undefined
  readonly bold?: boolean
  readonly faint?: boolean
  readonly italic?: boolean
  readonly underlined?: boolean
  readonly inverse?: boolean
  readonly hidden?: boolean
  readonly struck?: boolean
}

export const plain: Style = {}

const switches: Readonly<Record<number, Style>> = {
  ...{ 1: { bold: true }, 2: { faint: true }, 3: { italic: true }, 4: { underlined: true }, 7: { inverse: true } },
  ...{ 8: { hidden: true }, 9: { struck: true }, 21: { underlined: true } },
  ...{ 22: { bold: false, faint: false }, 23: { italic: false }, 24: { underlined: false }, 27: { inverse: false } },
  ...{ 28: { hidden: false }, 29: { struck: false }, 39: { colour: undefined }, 49: { ground: undefined } },
}

/** A style after SGR (ECMA-48, 8.3.117; with the 256 and the true colours of xterm). */
export function restyled(style: Style, parameters: readonly number[]): Style {
  let next = style
  for (let i = 0; i < parameters.length; i++) {
    const code = parameters[i]!
    if (code === 0) next = plain
    else if (code in switches) next = { ...next, ...switches[code] }
    else if (code >= 30 && code <= 37) next = { ...next, colour: code - 30 }
    else if (code >= 90 && code <= 97) next = { ...next, colour: code - 82 }
    else if (code >= 40 && code <= 47) next = { ...next, ground: code - 40 }
    else if (code >= 100 && code <= 107) next = { ...next, ground: code - 92 }
    else if (code === 38 || code === 48) {
      const isRgb = parameters[i + 1] === 2
      const [a = 0, b = 0, c = 0] = parameters.slice(i + 2)
      const colour = isRgb ? nearest(a, b, c) : ofTable(a)
      next = { ...next, ...(code === 38 ? { colour } : { ground: colour }) }
      i += isRgb ? 4 : 2
    }
  }
  return next
}

/** xterm's table: 16 colours, a cube of 6 × 6 × 6, 24 greys. */
function ofTable(index: number): Colour {
  if (index < 16) return index
  if (index >= 232) return nearest(8 + (index - 232) * 10, 8 + (index - 232) * 10, 8 + (index - 232) * 10)
  const level = (digit: number): number => (digit === 0 ? 0 : 55 + digit * 40)
  const cube = index - 16
  return nearest(level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6))
}

const hues: readonly Colour[] = [1, 3, 2, 6, 4, 5]

/** The nearest of the sixteen by hue: those are readable in both themes, which a colour of the board's choice is not. */
function nearest(red: number, green: number, blue: number): Colour {
  const [high, low] = [Math.max(red, green, blue), Math.min(red, green, blue)]
  if (high - low < 40) return high < 64 ? 0 : high < 150 ? 8 : high < 230 ? 7 : 15
  const spread = high - low
  const sixth =
    high === red ? (green - blue) / spread : high === green ? 2 + (blue - red) / spread : 4 + (red - green) / spread
  return hues[Math.round(sixth + 6) % 6]! + (high > 200 ? 8 : 0)
}

/** Classes of a run of characters (TerminalRows.vue). */
export function classesOf(style: Style): string {
  const { colour, ground, inverse } = style
  const names = (['bold', 'faint', 'italic', 'underlined', 'inverse', 'hidden', 'struck'] as const).filter(
    (name) => style[name],
  )
  const tint = inverse || ground === undefined ? [] : [`g${ground}`]
  return [...names, ...(colour === undefined ? [] : [`c${colour}`]), ...tint].join(' ')
}
