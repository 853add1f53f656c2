import type { Interval } from './robust'

/**
 * Wilson's score interval of a proportion (1927): where the share lies with 95 % when `share` of `count` were seen.
 * @returns low and high between 0 and 1
 */
export function proportionInterval(share: number, count: number, z = 1.96): Interval {
  if (count <= 0) return { low: 0, estimate: share, high: 1 }
  const square = (z * z) / count
  const centre = (share + square / 2) / (1 + square)
  const reach = (z / (1 + square)) * Math.sqrt((share * (1 - share)) / count + square / (4 * count))
  return { low: Math.max(0, centre - reach), estimate: share, high: Math.min(1, centre + reach) }
}
