import type { Widths } from '../ports'

/** A plan's name by content: equal exactly when the plans are. */
export function planKey(widths: Widths): string {
  const ids = Object.keys(widths).sort()
  return ids.map((id) => `${id}=${widths[id]}`).join(',') || 'untouched'
}

/** An evaluated plan. */
export interface ArchiveEntry {
  readonly key: string
  readonly widths: Widths
  /** Smaller is better. */
  readonly fitness: number
  /** The cost that the front is drawn over: the predicted latency ratio, or the first budgeted kind without latency. */
  readonly cost: number
  /** The how-manieth distinct evaluation it was, from 1. */
  readonly evaluation: number
}

/** The best fitness after so many distinct evaluations. */
export interface HistoryPoint {
  readonly evaluation: number
  readonly best: number
}

/** Fitness that is no number (a candidate that failed) counts as worst, and survives JSON. */
export const sanitize = (fitness: number): number => (Number.isFinite(fitness) ? fitness : Number.MAX_VALUE)

/** Order by fitness; ties (common with accuracies) by who came first, so that sorting never depends on chance. */
export const byFitness = (a: ArchiveEntry, b: ArchiveEntry): number =>
  a.fitness - b.fitness || a.evaluation - b.evaluation

/** Every distinct plan a searcher has had evaluated: the evaluation counter, memo, history and front. */
export class Archive {
  private readonly entries = new Map<string, ArchiveEntry>()
  private readonly points: HistoryPoint[] = []

  /** From `state()`. */
  constructor(entries: readonly ArchiveEntry[] = []) {
    for (const entry of entries) this.add(entry)
  }

  private add(entry: ArchiveEntry): void {
    this.entries.set(entry.key, entry)
    const best = this.points.at(-1)?.best ?? Infinity
    if (entry.fitness < best) this.points.push({ evaluation: entry.evaluation, best: entry.fitness })
  }

  /** Counts a plan; one that is already here is not counted again and keeps its fitness. */
  record(widths: Widths, fitness: number, cost: number): ArchiveEntry {
    const key = planKey(widths)
    const known = this.entries.get(key)
    if (known) return known
    const entry = { key, widths, fitness: sanitize(fitness), cost, evaluation: this.entries.size + 1 }
    this.add(entry)
    return entry
  }

  get(key: string): ArchiveEntry | undefined {
    return this.entries.get(key)
  }

  /** Distinct plans evaluated. */
  get evaluations(): number {
    return this.entries.size
  }

  /** The best `count` plans, best first. */
  best(count: number): ArchiveEntry[] {
    return [...this.entries.values()].sort(byFitness).slice(0, count)
  }

  /** Where the best improved; ends with the last evaluation. */
  history(): HistoryPoint[] {
    const last = this.points.at(-1)
    if (!last || last.evaluation === this.evaluations) return [...this.points]
    return [...this.points, { evaluation: this.evaluations, best: last.best }]
  }

  front(): ArchiveEntry[] {
    return paretoFront([...this.entries.values()])
  }

  state(): ArchiveEntry[] {
    return [...this.entries.values()]
  }
}

/** The plans that no other is both cheaper and fitter than; by falling cost. */
export function paretoFront<T extends { readonly cost: number; readonly fitness: number }>(plans: readonly T[]): T[] {
  const ordered = [...plans].sort((a, b) => a.cost - b.cost || a.fitness - b.fitness)
  const front: T[] = []
  for (const plan of ordered) if (front.length === 0 || plan.fitness < front.at(-1)!.fitness) front.push(plan)
  return front.reverse()
}
