/** One candidate, as it comes. Latencies are fractions of the original's. */
export interface NewCandidate {
  /** As predicted, without margin. */
  readonly latency: number
  /** Divergence, nats. */
  readonly fitness: number
  readonly low?: number | undefined
  readonly high?: number | undefined
  readonly top1?: number | undefined
  readonly measured?: number | undefined
  readonly estimated?: boolean | undefined
  /** Channels kept per group. */
  readonly kept?: readonly number[] | undefined
}

const columns = ['latency', 'fitness', 'low', 'high', 'top1', 'measured'] as const
type Column = (typeof columns)[number]

/**
 * Every candidate of a search in columns that grow in place: 50,000 of them with 54 groups are 8 MB, and no view has to
 * walk objects. What is not known is NaN.
 */
export class Candidates {
  count = 0
  /** How many have been measured: says whether dots that were drawn have changed. */
  measurements = 0
  readonly columns: Record<Column, Float64Array>
  private flags = new Uint8Array(64)
  private plans: Uint16Array

  constructor(readonly groups: number) {
    this.columns = Object.fromEntries(columns.map((name) => [name, new Float64Array(64)])) as Record<
      Column,
      Float64Array
    >
    this.plans = new Uint16Array(64 * groups)
  }

  /** Returns its index. */
  add(candidate: NewCandidate): number {
    if (this.count === this.flags.length) this.grow()
    const index = this.count++
    for (const name of columns) this.columns[name][index] = candidate[name] ?? NaN
    this.flags[index] = (candidate.estimated ? 1 : 0) | (candidate.kept ? 2 : 0)
    if (candidate.kept?.length === this.groups) this.plans.set(candidate.kept, index * this.groups)
    if (candidate.measured !== undefined) this.measurements++
    return index
  }

  /** The device has measured one; its fitness is exact now. */
  measure(index: number, measured: number, fitness: number | undefined): void {
    this.columns.measured[index] = measured
    if (fitness !== undefined) this.columns.fitness[index] = fitness
    this.flags[index]! &= ~1
    this.measurements++
  }

  isEstimated(index: number): boolean {
    return (this.flags[index]! & 1) !== 0
  }

  isMeasured(index: number): boolean {
    return !Number.isNaN(this.columns.measured[index]!)
  }

  /** Measured where it was, else predicted. */
  latency(index: number): number {
    const measured = this.columns.measured[index]!
    return Number.isNaN(measured) ? this.columns.latency[index]! : measured
  }

  /** Channels kept per group; undefined where the plan was not told. */
  kept(index: number): Uint16Array | undefined {
    if ((this.flags[index]! & 2) === 0 || this.groups === 0) return undefined
    return this.plans.subarray(index * this.groups, (index + 1) * this.groups)
  }

  /** The candidate of a plan; the last one first, since what is asked for is usually new. */
  find(kept: readonly number[]): number | undefined {
    const { groups, plans } = this
    if (groups === 0 || kept.length !== groups) return undefined
    for (let index = this.count - 1; index >= 0; index--) {
      let g = 0
      while (g < groups && plans[index * groups + g] === kept[g]) g++
      if (g === groups && (this.flags[index]! & 2) !== 0) return index
    }
    return undefined
  }

  /** The candidate of exactly this fitness. */
  findFitness(fitness: number): number | undefined {
    const column = this.columns.fitness
    for (let index = this.count - 1; index >= 0; index--) if (column[index] === fitness) return index
    return undefined
  }

  private grow(): void {
    const size = this.flags.length * 2
    for (const name of columns) this.columns[name] = grown(this.columns[name], new Float64Array(size))
    this.flags = grown(this.flags, new Uint8Array(size))
    this.plans = grown(this.plans, new Uint16Array(size * this.groups))
  }
}

function grown<T extends { set(from: T): void }>(from: T, to: T): T {
  to.set(from)
  return to
}
