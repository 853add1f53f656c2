import type { LatencyGroup, MacsFraction } from './table'

/** Two groups that layers lie between: one makes their channels, the other reads them. */
export interface SharedLayers {
  /** Indices of the groups. */
  readonly a: number
  readonly b: number
  /** MACs of the layers between them, as a fraction of the network's. */
  readonly macs: number
}

/** Less than this part of the network's MACs is rounding. */
const least = 1e-9

/** Pairs of groups with layers in common, and how much there is of them. A fraction x of the one and y of the other removes x·y of it twice. */
export function sharedLayers(groups: readonly LatencyGroup[], macs: MacsFraction): SharedLayers[] {
  const half = ({ channels }: LatencyGroup): number => Math.max(1, channels >> 1)
  const alone = groups.map((group) => 1 - macs({ [group.id]: half(group) }))
  const found: SharedLayers[] = []
  for (let a = 0; a < groups.length; a++)
    for (let b = a + 1; b < groups.length; b++) {
      const [one, other] = [groups[a]!, groups[b]!]
      if (one.layers && other.layers && !one.layers.some((layer) => other.layers!.includes(layer))) continue
      const both = 1 - macs({ [one.id]: half(one), [other.id]: half(other) })
      const part = (1 - half(one) / one.channels) * (1 - half(other) / other.channels)
      const shared = (alone[a]! + alone[b]! - both) / part
      if (shared > least) found.push({ a, b, macs: shared })
    }
  return found
}
