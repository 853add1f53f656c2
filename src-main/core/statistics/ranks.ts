/** Ranks from 1; tied values share the mean of their ranks. */
export function ranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!)
  const result = new Array<number>(values.length)
  for (let start = 0; start < order.length;) {
    let end = start + 1
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++
    for (let i = start; i < end; i++) result[order[i]!] = (start + end + 1) / 2
    start = end
  }
  return result
}

function checkPairs(a: readonly number[], b: readonly number[]): void {
  if (a.length !== b.length) throw new RangeError(`rank correlation of ${a.length} values with ${b.length}`)
}

/** Spearman's rank correlation with ties averaged; NaN where a side is constant. @throws RangeError on unequal lengths */
export function spearman(a: readonly number[], b: readonly number[]): number {
  checkPairs(a, b)
  const [x, y] = [ranks(a), ranks(b)]
  const mean = (a.length + 1) / 2
  let [xy, xx, yy] = [0, 0, 0]
  for (let i = 0; i < a.length; i++) {
    const [dx, dy] = [x[i]! - mean, y[i]! - mean]
    xy += dx * dy
    xx += dx * dx
    yy += dy * dy
  }
  return xy / Math.sqrt(xx * yy)
}

/** Kendall's tau-b (corrected for ties), O(n²); NaN where a side is constant. @throws RangeError on unequal lengths */
export function kendall(a: readonly number[], b: readonly number[]): number {
  checkPairs(a, b)
  let [score, pairsA, pairsB] = [0, 0, 0]
  for (let i = 0; i < a.length; i++) {
    for (let j = i + 1; j < a.length; j++) {
      const [signA, signB] = [Math.sign(a[i]! - a[j]!), Math.sign(b[i]! - b[j]!)]
      score += signA * signB
      pairsA += Math.abs(signA)
      pairsB += Math.abs(signB)
    }
  }
  return score / Math.sqrt(pairsA * pairsB)
}
