/** Units of a group without those that are gone, ascending. */
export const unitsBut = (channels: number, gone: ReadonlySet<number>): number[] =>
  Array.from({ length: channels }, (_, unit) => unit).filter((unit) => !gone.has(unit))

/** One tensor's say on a group's units: a value per channel, and the unit each channel belongs to (−1: none). */
export interface UnitValues {
  readonly units: Int32Array
  readonly values: ArrayLike<number>
}

/** Mean value of each unit over the tensors that have one of it; 0 where none has. */
export function unitMeans(channels: number, parts: Iterable<UnitValues>): Float64Array {
  const [sums, counts] = [new Float64Array(channels), new Float64Array(channels)]
  for (const { units, values } of parts)
    units.forEach((unit, channel) => {
      if (unit < 0) return
      sums[unit]! += values[channel]!
      counts[unit]! += 1
    })
  return sums.map((sum, unit) => (counts[unit] ? sum / counts[unit]! : 0))
}
