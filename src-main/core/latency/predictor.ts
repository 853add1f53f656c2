import type { Widths } from '../ports'
import { type MacsFraction, ratioAt } from './staircase'
import { branches, type LatencyGroup, type LatencyTable } from './table'

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
 * A predictor over a table alone; `fitModel` corrects it by measured whole networks. With `macs`, added-up savings are scaled by how far the groups' MACs savings overlap:
 * pruning both sides of a convolution by half saves three quarters of it, not all.
 */
export function createPredictor(table: LatencyTable, macs?: MacsFraction): Predictor {
  const parts = [...branches(table.groups)].map(([name, groups]) => {
    const removed = 1 - (table.removals[name] ?? narrowest(table, groups))
    return {
      groups: groups.map((group) => unitOf([group], (kept) => 1 - ratioAt(table.staircases[group.signature]!, kept))),
      branch: unitOf(groups, () => removed),
    }
  })

  /** A group at its widths, or a branch removed; what was worked out once is kept, for a search asks 10⁵ times. */
  function unitOf(groups: readonly LatencyGroup[], saving: (kept: number) => number): Unit {
    const macsSaved = (kept: number): number =>
      macs ? 1 - macs(Object.fromEntries(groups.map(({ id }) => [id, kept]))) : 0
    const size = groups[0]!.channels + 1
    return { group: groups[0]!, saving: remembered(size, saving), macsSaved: remembered(size, macsSaved) }
  }

  const raw = (widths: Widths): RawSaving => {
    let [total, removed, macsSum] = [0, 0, 0]
    const bySignature = new Map<string, number>()
    for (const { groups, branch } of parts) {
      if (groups.some(({ group }) => widths[group.id] === 0)) {
        total += branch.saving(0)
        removed += branch.saving(0)
        macsSum += branch.macsSaved(0)
        continue
      }
      for (const { group, saving, macsSaved } of groups) {
        const kept = widths[group.id] ?? group.channels
        if (kept === group.channels) continue
        total += saving(kept)
        bySignature.set(group.signature, (bySignature.get(group.signature) ?? 0) + saving(kept))
        macsSum += macsSaved(kept)
      }
    }
    const overlap = macs && macsSum > 0 ? Math.max(0, (1 - macs(widths)) / macsSum) : 1
    for (const [signature, saving] of bySignature) bySignature.set(signature, saving * overlap)
    return { total: total * overlap, removed: removed * overlap, bySignature }
  }
  return { raw, predict: (widths) => Math.max(SMALLEST, 1 - raw(widths).total) }
}

interface Unit {
  /** The first of them. */
  readonly group: LatencyGroup
  /** Fractions of the original, of the unit alone. */
  saving(kept: number): number
  macsSaved(kept: number): number
}

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
