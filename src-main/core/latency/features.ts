import type { Widths } from '../ports'
import type { MacsFraction } from './staircase'
import { createPredictor } from './predictor'
import { branches, type LatencyTable } from './table'

/** A quantity of a plan that end-to-end latency may depend on beyond what the table adds up; 0 for the untouched one. */
export interface Feature {
  readonly name: string
  readonly value: number
  /** Standard deviation of its coefficient before anything is measured: how much of an effect would be no surprise. */
  readonly prior: number
}

/** Multiples that kernels work in. */
const alignments = [2, 4, 8, 16, 32]

/**
 * Features of plans over one table: the added-up saving, its square and its parts by signature (layers do not add up),
 * what lies in removed branches, how many widths are no multiple of 2 … 32, and how often neighbours in the network
 * differ in that (layouts are converted between them, fusions lost).
 */
export function createFeatures(table: LatencyTable, macs?: MacsFraction): (widths: Widths) => Feature[] {
  const { raw } = createPredictor(table, macs)
  const units = [...branches(table.groups).values()]
  const signatures = [...new Set(table.groups.map(({ signature }) => signature))]
  const count = table.groups.length
  return (widths) => {
    const { total, removed, bySignature } = raw(widths)
    const gone = units.map((groups) => groups.some(({ id }) => widths[id] === 0))
    const goneGroups = new Set(units.flatMap((groups, u) => (gone[u] ? groups.map(({ id }) => id) : [])))
    const present = table.groups.filter(({ id }) => !goneGroups.has(id))
    const features: Feature[] = [
      { name: 'saving', value: total, prior: 0.2 },
      { name: 'saving²', value: total * total, prior: 0.2 },
      { name: 'removed', value: removed, prior: 0.2 },
      { name: 'branches removed', value: gone.filter(Boolean).length / units.length, prior: 0.05 },
      { name: 'runs of removed branches', value: changes(gone) / units.length, prior: 0.03 },
      ...signatures.map((signature, i) => {
        return { name: `saving of signature ${i}`, value: bySignature.get(signature) ?? 0, prior: 0.15 }
      }),
    ]
    for (const m of alignments) {
      const off = present.map(({ id, channels }) => (widths[id] ?? channels) % m !== 0 && channels % m === 0)
      features.push(
        { name: `not a multiple of ${m}`, value: off.filter(Boolean).length / count, prior: 0.03 },
        { name: `changes of alignment ${m}`, value: changes(off) / count, prior: 0.03 },
      )
    }
    return features
  }
}

/** How often neighbours differ; both ends count as false. */
function changes(list: readonly boolean[]): number {
  return [...list, false].filter((value, i) => value !== (list[i - 1] ?? false)).length
}
