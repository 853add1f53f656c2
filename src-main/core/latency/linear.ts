/**
 * Inverse and log-determinant of a symmetric positive definite matrix by Cholesky's decomposition.
 * @throws RangeError when it is not positive definite
 */
export function invert(matrix: readonly (readonly number[])[]): { inverse: number[][]; logDeterminant: number } {
  const n = matrix.length
  const lower = matrix.map(() => new Float64Array(n))
  let logDeterminant = 0
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i]![j]!
      for (let k = 0; k < j; k++) sum -= lower[i]![k]! * lower[j]![k]!
      if (i !== j) lower[i]![j] = sum / lower[j]![j]!
      else if (sum > 0) {
        lower[i]![i] = Math.sqrt(sum)
        logDeterminant += Math.log(sum)
      } else throw new RangeError('not positive definite')
    }
  // Columns of L⁻¹, then L⁻ᵀ L⁻¹.
  const columns = matrix.map((_, c) => {
    const x = new Float64Array(n)
    for (let i = c; i < n; i++) {
      let sum = i === c ? 1 : 0
      for (let k = c; k < i; k++) sum -= lower[i]![k]! * x[k]!
      x[i] = sum / lower[i]![i]!
    }
    return x
  })
  const inverse = columns.map((a, i) =>
    columns.map((b, j) => {
      let sum = 0
      for (let k = Math.max(i, j); k < n; k++) sum += a[k]! * b[k]!
      return sum
    }),
  )
  return { inverse, logDeterminant }
}
