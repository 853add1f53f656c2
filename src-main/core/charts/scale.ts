export interface Scale {
  /** Where a value is drawn. */
  (value: number): number
  readonly ticks: readonly number[]
}

/** Values from `low` to `high`, spread evenly from `from` to `to`. Ends are moved out to round ticks. */
export function linearScale(low: number, high: number, from: number, to: number, wanted = 5): Scale {
  const span = high - low || Math.abs(high) || 1
  const step = roundStep(span / wanted)
  const first = Math.floor(low / step + 1e-9) * step
  const last = Math.max(first + step, Math.ceil(high / step - 1e-9) * step)
  const ticks: number[] = []
  for (let i = 0; first + i * step <= last + step / 2; i++) ticks.push(tidy(first + i * step))
  return Object.assign((value: number) => from + ((value - first) / (last - first)) * (to - from), { ticks })
}

/** Positive values by their magnitude; ticks at 1, 2 and 5 times powers of ten. */
export function logScale(low: number, high: number, from: number, to: number): Scale {
  const marks = [1, 2, 5]
  const ticks: number[] = []
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++)
    for (const mark of marks) ticks.push(tidy(mark * 10 ** power))
  const below = ticks.findLastIndex((tick) => tick <= low * (1 + 1e-9))
  const above = ticks.findIndex((tick) => tick >= high * (1 - 1e-9))
  const used = ticks.slice(Math.max(0, below), Math.max(above, below + 1) + 1)
  const [first, last] = [Math.log10(used[0]!), Math.log10(used.at(-1)!)]
  const place = (value: number): number => from + ((Math.log10(value) - first) / (last - first)) * (to - from)
  // Over many decades the powers of ten are enough.
  const shown = used.length > 7 ? used.filter((tick) => Math.log10(tick) % 1 === 0 || tick === used[0]) : used
  return Object.assign(place, { ticks: shown })
}

function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step))
  const mark = [1, 2, 5, 10].find((one) => one * power >= step * (1 - 1e-9)) ?? 10
  return mark * power
}

/** 0.30000000000000004 → 0.3 */
const tidy = (value: number): number => Number(value.toPrecision(12))
