/** Figures as people read them: SI units, one decimal more than the noise, never more. */

/** 0.9339 → "93.39 %" */
export const percent = (fraction: number, decimals = 2): string => `${(fraction * 100).toFixed(decimals)} %`

/** Milliseconds; `mad` tells how many decimals mean something. 41.234 ± 0.2 → "41.2 ms" */
export function milliseconds(ms: number, mad?: number): string {
  const noise = mad && mad > 0 ? mad : ms / 200
  const decimals = noise > 0 ? Math.min(4, Math.max(0, Math.ceil(-Math.log10(noise)))) : 1
  return `${ms.toFixed(decimals)} ms`
}

/** 125485706 → "125 M" */
export function count(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1000) return String(value)
  const [scaled, unit] = scale(value, ['', ' k', ' M', ' G', ' T'])
  return `${threeDigits(scaled)}${unit}`
}

export function bytes(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1000) return `${value} B`
  const [scaled, unit] = scale(value, [' B', ' kB', ' MB', ' GB'])
  return `${threeDigits(scaled)}${unit}`
}

/** 75 → "1 min 15 s" */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.round((whole % 3600) / 60)} min`
}

/** Time left is a guess: no seconds once there are minutes. */
export function timeLeft(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s left`
  if (seconds < 5400) return `${Math.round(seconds / 60)} min left`
  return `${(seconds / 3600).toFixed(1)} h left`
}

/** Three significant digits without an exponent. */
export function threeDigits(value: number): string {
  if (value === 0) return '0'
  // Of the rounded value: 999.6 has a digit more than it seems.
  const magnitude = Math.floor(Math.log10(Math.abs(Number(value.toPrecision(3)))))
  return value.toFixed(Math.min(6, Math.max(0, 2 - magnitude)))
}

/** The local time of day of an ISO time. */
export const clockTime = (iso: string): string =>
  new Date(iso).toLocaleTimeString(undefined, { hour12: false, hour: '2-digit', minute: '2-digit', second: '2-digit' })

function scale(value: number, units: readonly string[]): [number, string] {
  let index = 0
  while (Math.abs(value) >= 999.5 && index < units.length - 1) {
    value /= 1000
    index++
  }
  return [value, units[index] ?? '']
}

/** 1 node, 2 nodes */
export const plural = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`
