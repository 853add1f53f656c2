import { type LatencyGroup, levelOf, type Staircase, type StaircasePoint, type MacsFraction } from './table'

/** How far a staircase may be from its model's, as a fraction of the saving, and beside it, before anything is measured. */
const likeness = 0.25
const beside = 0.002

/**
 * Staircases of lone groups, read with the help of those measured better. A group that is the only one of its shapes
 * holds a few hundredths of the network's time, and its points are as noisy as all others: nine groups together are
 * nine times as clear. Where another signature of as many channels has more groups, its savings, scaled by the MACs
 * that each saves, are what the lone one's are expected to be; measurement and expectation are weighed by their
 * variances. Only `level` changes, what is read off; `ratio` stays what was measured.
 */
export function borrowLevels(
  staircases: Readonly<Record<string, Staircase>>,
  groups: readonly LatencyGroup[],
  macs: MacsFraction,
): Record<string, Staircase> {
  const alike = new Map<string, LatencyGroup[]>()
  for (const group of groups) alike.set(group.signature, [...(alike.get(group.signature) ?? []), group])
  const count = (signature: string): number => alike.get(signature)?.length ?? 0
  return Object.fromEntries(
    Object.entries(staircases).map(([signature, own]) => {
      const model = Object.keys(staircases)
        .filter((other) => staircases[other]!.channels === own.channels && count(other) >= 2 * count(signature))
        .sort((a, b) => count(b) - count(a))[0]
      if (model === undefined) return [signature, own]
      const saved = (of: string, kept: number): number => 1 - macs({ [alike.get(of)![0]!.id]: kept })
      const points = own.points.map((point): StaircasePoint => {
        if (point.noise === 0) return point
        const theirs = staircases[model]!.points.find(({ kept }) => kept === point.kept)
        const scale = saved(signature, point.kept) / saved(model, point.kept)
        if (!theirs || !Number.isFinite(scale)) return point
        const expected = (1 - levelOf(theirs)) * scale
        const trusted = (likeness * expected) ** 2 + beside ** 2 + (theirs.noise * scale) ** 2
        const weight = trusted / (trusted + point.noise ** 2)
        const measured = 1 - levelOf(point)
        return { ...point, level: 1 - (weight * measured + (1 - weight) * expected) }
      })
      return [signature, { ...own, points }]
    }),
  )
}
