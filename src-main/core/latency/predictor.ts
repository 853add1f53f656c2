import type { Widths } from '../ports'
import { ratioAt } from './staircase'
import { type SharedLayers, sharedLayers } from './shared-layers'
import { branches, branchOf, type LatencyGroup, type LatencyTable, type MacsFraction } from './table'

/** No prediction is smaller: a network takes some time. */
const SMALLEST = 0.01

/** What the groups' staircases say about a plan. */
export interface RawSaving {
  /** Added-up saving as a fraction of the sentinel's latency. */
  readonly total: number
  /** The part of `total` that comes from removed branches. */
  readonly removed: number
  /** The parts of `total` by signature, without what was removed. */
  readonly bySignature: ReadonlyMap<string, number>
}

export interface Predictor {
  /** Latency of a plan over the sentinel's, ≥ 0.01; 1 for the untouched network. */
  predict(widths: Widths): number
  raw(widths: Widths): RawSaving
}

/**
 * A predictor over a table alone; `fitModel` corrects it by measured whole networks. With `macs`, what two groups that
 * share layers both save of them counts once: pruning both sides of a convolution by half saves three quarters of it,
 * not all.
 */
export function createPredictor(table: LatencyTable, macs?: MacsFraction): Predictor {
  const { groups } = table
  // What was worked out once is kept, for a search asks 10⁵ times.
  const savings = groups.map(({ channels, signature }) =>
    remembered(channels + 1, (kept) => 1 - ratioAt(table.staircases[signature]!, kept)),
  )
  const parts = [...branches(groups)].map(([name, inside]) => ({
    inside: inside.map((group) => groups.indexOf(group)),
    removed: 1 - (table.removals[name] ?? narrowest(table, inside)),
  }))
  const shared = macs ? sharedLayers(groups, macs).map((pair) => ({ ...pair, ...timeOf(pair, macs) })) : []

  /** What layers between two groups take, and the part of each group's savings that is theirs. */
  function timeOf({ a, b, macs: both }: SharedLayers, fraction: MacsFraction) {
    const whole = (value: number, { channels }: LatencyGroup): number => value / gone(channels, 1)
    const macsOf = (group: LatencyGroup): number => whole(1 - fraction({ [group.id]: 1 }), group)
    const [partA, partB] = [a, b].map((i) => both / macsOf(groups[i]!)) as [number, number]
    const [timeA, timeB] = [a, b].map((i) => whole(savings[i]!(1), groups[i]!)) as [number, number]
    return { time: Math.max(0, partA * timeA + partB * timeB) / 2, partA, partB }
  }

  const raw = (widths: Widths): RawSaving => {
    const own = new Float64Array(groups.length)
    const kept = groups.map(({ id, channels }) => widths[id] ?? channels)
    for (const { inside, removed } of parts) {
      if (inside.some((i) => kept[i] === 0)) {
        for (const i of inside) kept[i] = 0
        own[inside[0]!] = removed
      } else for (const i of inside) own[i] = kept[i] === groups[i]!.channels ? 0 : savings[i]!(kept[i]!)
    }
    const alone = shared.length > 0 ? Float64Array.from(own) : own
    for (const { a, b, time, partA, partB } of shared) {
      if (time === 0 || (kept[a] === 0 && branchOf(groups[a]!) === branchOf(groups[b]!))) continue
      // As fractions of the layers' time: what is left of it is the product of what each leaves.
      const x = kept[a] === 0 ? 1 : (alone[a]! * partA) / time
      const y = kept[b] === 0 ? 1 : (alone[b]! * partB) / time
      own[a]! -= (x * y * time) / 2
      own[b]! -= (x * y * time) / 2
    }
    let [total, removed] = [0, 0]
    const bySignature = new Map<string, number>()
    groups.forEach(({ signature }, i) => {
      total += own[i]!
      if (kept[i] === 0) removed += own[i]!
      else if (own[i] !== 0) bySignature.set(signature, (bySignature.get(signature) ?? 0) + own[i]!)
    })
    return { total, removed, bySignature }
  }
  return { raw, predict: (widths) => Math.max(SMALLEST, 1 - raw(widths).total) }
}

/** Fraction of so many channels that is pruned. */
const gone = (channels: number, kept: number): number => 1 - kept / channels

/** A function of 0 … size − 1 whose values are worked out once. */
function remembered(size: number, of: (i: number) => number): (i: number) => number {
  const values = new Float64Array(size).fill(NaN)
  return (i) => {
    const known = values[i]!
    return Number.isNaN(known) ? (values[i] = of(i)) : known
  }
}

/** Where a removal was not measured: the branch's groups at their narrowest measured widths, an upper bound. */
function narrowest(table: LatencyTable, groups: readonly LatencyGroup[]): number {
  return 1 - groups.reduce((sum, group) => sum + 1 - ratioAt(table.staircases[group.signature]!, 1), 0)
}
