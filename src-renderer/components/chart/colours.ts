import type { Palette } from '../../../src-main/core/charts/svg'

const tokens: Readonly<Record<keyof Palette, string>> = {
  candidate: '--chart-candidate',
  measured: '--chart-measured',
  leader: '--chart-leader',
  original: '--chart-original',
  baseline: '--chart-baseline',
  attention: '--chart-attention',
  faint: '--chart-faint',
  good: '--chart-good',
  failed: '--chart-failed',
  text: '--text',
  muted: '--muted',
  line: '--line',
  background: '--panel',
}

/** The tokens as a canvas needs them: colours of the theme that is on. */
export function currentPalette(): Palette {
  const style = getComputedStyle(document.documentElement)
  const entries = Object.entries(tokens).map(([name, token]) => [name, style.getPropertyValue(token).trim() || '#888'])
  return Object.fromEntries(entries) as Palette
}

/** Libraries take it for granted, and fail late where a browser has none. */
export function needCanvas(): void {
  if (!document.createElement('canvas').getContext('2d')) throw new Error('no canvas')
}

/** The system's face in a canvas, which knows no inheritance. */
export const chartFont = (): string => getComputedStyle(document.body).fontFamily || 'sans-serif'
