/** What pruning one group to `kept` channels costs in fitness, measured. */
export interface SensitivityPoint {
  readonly kept: number
  readonly loss: number
}

/** The measured sensitivity of one group; plain JSON. */
export interface Sensitivity {
  readonly id: string
  readonly channels: number
  /** By rising width; the last is the untouched group, loss 0. */
  readonly points: readonly SensitivityPoint[]
}

/**
 * Losses made monotone: least-squares non-increasing in the width (pool adjacent violators), never negative. A noisy
 * evaluation may find a narrower group better; building on that would be building on noise.
 */
export function monotone(points: readonly SensitivityPoint[]): SensitivityPoint[] {
  const pools: { loss: number; count: number }[] = []
  const ordered = [...points].sort((a, b) => a.kept - b.kept)
  for (const { loss } of ordered) {
    pools.push({ loss: Math.max(0, loss), count: 1 })
    while (pools.length > 1 && pools.at(-1)!.loss > pools.at(-2)!.loss) {
      const [last, previous] = [pools.pop()!, pools.pop()!]
      const count = last.count + previous.count
      pools.push({ loss: (last.loss * last.count + previous.loss * previous.count) / count, count })
    }
  }
  const losses = pools.flatMap(({ loss, count }) => new Array<number>(count).fill(loss))
  return ordered.map(({ kept }, i) => ({ kept, loss: losses[i]! }))
}

/**
 * Loss at any width: piecewise cubic through the points without overshoot (Fritsch & Carlson, SIAM J. Numer. Anal. 17,
 * 1980); below the smallest measured width, straight on along the last slope.
 */
export function lossAt(sensitivity: Sensitivity, kept: number): number {
  const { points } = sensitivity
  const n = points.length
  if (n === 0) return 0
  if (kept >= points[n - 1]!.kept) return points[n - 1]!.loss
  const slope = (i: number): number => (points[i + 1]!.loss - points[i]!.loss) / (points[i + 1]!.kept - points[i]!.kept)
  if (kept < points[0]!.kept) return points[0]!.loss + (n > 1 ? slope(0) * (kept - points[0]!.kept) : 0)
  const exact = points.find((point) => point.kept === kept)
  if (exact) return exact.loss
  const i = points.findLastIndex((point) => point.kept < kept)
  const tangent = (j: number): number => {
    if (j === 0) return slope(0)
    if (j === n - 1) return slope(n - 2)
    const [left, right] = [slope(j - 1), slope(j)]
    return left * right <= 0 ? 0 : (2 * left * right) / (left + right)
  }
  const [from, to] = [points[i]!, points[i + 1]!]
  const width = to.kept - from.kept
  const t = (kept - from.kept) / width
  // Within three times the secant a Hermite cubic stays monotone.
  const limit = (m: number): number => Math.max(m, 3 * slope(i))
  const [m0, m1] = [limit(tangent(i)) * width, limit(tangent(i + 1)) * width]
  const s = 1 - t
  return s * s * (1 + 2 * t) * from.loss + s * s * t * m0 + t * t * (3 - 2 * t) * to.loss - t * t * s * m1
}
