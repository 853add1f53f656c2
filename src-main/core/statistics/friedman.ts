import { ranks } from './ranks'

/**
 * Friedman's test, with ties: whether several treatments differ over blocks that each rank all of them (Hollander &
 * Wolfe, "Nonparametric Statistical Methods", 1973, ch. 7.1).
 * @param blocks a row per block, a value per treatment
 * @returns χ² and its p with treatments − 1 degrees of freedom; p = 1 where every row is constant
 * @throws RangeError with fewer than two blocks or treatments, or rows of different lengths
 */
export function friedman(blocks: readonly (readonly number[])[]): { chiSquared: number; p: number } {
  const [n, k] = [blocks.length, blocks[0]?.length ?? 0]
  if (n < 2 || k < 2 || blocks.some((block) => block.length !== k))
    throw new RangeError(`Friedman's test of ${n} blocks of ${k} treatments`)
  const rows = blocks.map(ranks)
  const sums = Array.from({ length: k }, (_, j) => rows.reduce((sum, row) => sum + row[j]!, 0))
  // Σ over blocks of the spread their ranks can have: less where ranks are tied.
  const spread = rows.reduce((sum, row) => sum + row.reduce((own, rank) => own + (rank - (k + 1) / 2) ** 2, 0), 0)
  if (spread === 0) return { chiSquared: 0, p: 1 }
  const between = sums.reduce((sum, total) => sum + (total - (n * (k + 1)) / 2) ** 2, 0)
  const chiSquared = ((k - 1) * between) / spread
  return { chiSquared, p: chiSquaredTail(chiSquared, k - 1) }
}

/**
 * P(χ² > x) with `degrees` degrees of freedom: the regularised upper incomplete gamma function Q(degrees/2, x/2), from
 * its recurrence Q(a + 1, y) = Q(a, y) + yᵃ e⁻ʸ / Γ(a + 1) (Abramowitz & Stegun 6.5.21).
 */
export function chiSquaredTail(x: number, degrees: number): number {
  const y = x / 2
  let a = degrees % 2 === 0 ? 1 : 0.5
  let term = a === 1 ? y * Math.exp(-y) : Math.sqrt(y) * Math.exp(-y) * (2 / Math.sqrt(Math.PI))
  let tail = a === 1 ? Math.exp(-y) : erfc(Math.sqrt(y))
  for (; a < degrees / 2; a++) {
    tail += term
    term *= y / (a + 1)
  }
  return Math.min(1, tail)
}

/** erfc(x) for x ≥ 0; Abramowitz & Stegun 7.1.26, error below 1.5e-7. */
function erfc(x: number): number {
  const t = 1 / (1 + 0.3275911 * x)
  const polynomial = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
  return polynomial * Math.exp(-x * x)
}
