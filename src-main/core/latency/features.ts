import type { Widths } from '../ports'
import type { Predictor } from './predictor'
import { branches, type LatencyTable } from './table'

/** Multiples that kernels work in. */
const alignments = [2, 4, 8, 16, 32]

/**
 * What end-to-end latency may depend on beyond what the table adds up, each times the standard deviation of its
 * coefficient before anything is measured (how much of an effect would be no surprise); 0 for the untouched network.
 * The added-up saving, its square and its parts by signature (layers do not add up), what lies in removed branches, how
 * many widths are no multiple of 2 … 32, and how often neighbours in the network differ in that (layouts are converted
 * between them, fusions lost). Called some 10⁵ times in a search.
 */
export function createFeatures(table: LatencyTable, { raw }: Predictor): (widths: Widths) => number[] {
  const units = [...branches(table.groups).values()]
  const unitOf = new Map(units.flatMap((groups, u) => groups.map(({ id }) => [id, u] as const)))
  const signatures = [...new Set(table.groups.map(({ signature }) => signature))]
  const count = table.groups.length
  return (widths) => {
    const { total, removed, bySignature } = raw(widths)
    const gone = units.map((groups) => groups.some(({ id }) => widths[id] === 0))
    const present = table.groups.filter(({ id }) => !gone[unitOf.get(id)!])
    const features = [
      0.2 * total,
      0.2 * total * total,
      0.2 * removed,
      (0.05 * gone.filter(Boolean).length) / units.length,
      (0.03 * changes(gone)) / units.length,
    ]
    for (const signature of signatures) features.push(0.15 * (bySignature.get(signature) ?? 0))
    for (const m of alignments) {
      const off = present.map(({ id, channels }) => channels % m === 0 && (widths[id] ?? channels) % m !== 0)
      features.push((0.03 * off.filter(Boolean).length) / count, (0.03 * changes(off)) / count)
    }
    return features
  }
}

/** How often neighbours differ; both ends count as false. */
function changes(list: readonly boolean[]): number {
  let [count, before] = [0, false]
  for (const value of list) {
    if (value !== before) count++
    before = value
  }
  return before ? count + 1 : count
}
