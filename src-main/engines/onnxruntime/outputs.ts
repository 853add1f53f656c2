/** Rows of softmax probabilities at a temperature of 1, in place of logits. `width` = classes. */
export function softmaxRows(logits: Float32Array, width: number): Float32Array {
  const out = new Float32Array(logits.length)
  for (let row = 0; row < logits.length; row += width) {
    let max = -Infinity
    for (let i = 0; i < width; i++) max = Math.max(max, logits[row + i]!)
    let sum = 0
    for (let i = 0; i < width; i++) sum += out[row + i] = Math.exp(logits[row + i]! - max)
    for (let i = 0; i < width; i++) out[row + i]! /= sum
  }
  return out
}

/**
 * KL divergence of `candidate` from `original` per row, both probabilities in rows of `width`, in nats.
 * Probabilities are floored at 1e-8: a confident candidate would otherwise be infinitely wrong.
 */
export function divergences(original: Float32Array, candidate: Float32Array, width: number): Float64Array {
  const rows = new Float64Array(original.length / width)
  for (let i = 0; i < original.length; i++) {
    const p = original[i]!
    if (p > 0)
      rows[Math.floor(i / width)]! += p * (Math.log(Math.max(p, 1e-8)) - Math.log(Math.max(candidate[i]!, 1e-8)))
  }
  return rows
}

/** Mean of `divergences`. */
export const meanDivergence = (original: Float32Array, candidate: Float32Array, width: number): number =>
  divergences(original, candidate, width).reduce((sum, row) => sum + row, 0) / (original.length / width)

/** Rank of the label among the row's values, 0 = top. Ties count against the network. */
export function labelRank(values: Float32Array, row: number, width: number, label: number): number {
  const own = values[row * width + label]!
  let rank = 0
  for (let i = 0; i < width; i++) if (i !== label && values[row * width + i]! >= own) rank++
  return rank
}
