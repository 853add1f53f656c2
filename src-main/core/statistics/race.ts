/** How sure of a difference: a two-sided error of 1 %. */
const certain = 2.58

/** Mean of a[i] − b[i] with its standard error. @throws RangeError when the lengths differ, or are below 2 */
export function pairedDifference(a: readonly number[], b: readonly number[]): { mean: number; error: number } {
  const n = a.length
  if (n !== b.length || n < 2) throw new RangeError(`cannot pair ${n} with ${b.length} values`)
  const differences = a.map((x, i) => x - b[i]!)
  const mean = differences.reduce((sum, d) => sum + d, 0) / n
  const variance = differences.reduce((sum, d) => sum + (d - mean) ** 2, 0) / (n - 1)
  return { mean, error: Math.sqrt(variance / n) }
}

/**
 * By how much `a` is beyond doubt larger than `b` on the same cases, judged on some of them; undefined while it may not
 * be. The first look of a sequential test whose second and last look takes all cases (Maron & Moore, "Hoeffding races",
 * NIPS 1993, with a paired normal bound: cases that are hard are so for both, and the difference varies less).
 */
export function beyondDoubtLarger(a: readonly number[], b: readonly number[]): number | undefined {
  const { mean, error } = pairedDifference(a, b)
  return mean > certain * error ? mean : undefined
}
