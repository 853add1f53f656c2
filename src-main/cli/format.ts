/** Units for people. */
export const percent = (fraction: number): string => `${(fraction * 100).toFixed(2)} %`
export const milliseconds = (ms: number): string => `${ms.toPrecision(3)} ms`

/** 40551040 → "40.6 M" */
export function count(value: number): string {
  const [divisor, unit] = value >= 1e9 ? [1e9, ' G'] : value >= 1e6 ? [1e6, ' M'] : value >= 1e4 ? [1e3, ' k'] : [1, '']
  return divisor === 1 ? String(value) : `${(value / divisor).toPrecision(3)}${unit}`
}

/** 95 → "1 min 35 s" */
export function duration(seconds: number): string {
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}

/** Rows with their columns lined up. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0))) ?? []
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
