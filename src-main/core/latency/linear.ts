/**
 * The solution of a small dense system by Gaussian elimination with partial pivoting.
 * @throws RangeError when the matrix is singular
 */
export function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const n = right.length
  const rows = matrix.map((row, i) => [...row, right[i]!])
  for (let column = 0; column < n; column++) {
    let pivot = column
    for (let i = column + 1; i < n; i++) {
      if (Math.abs(rows[i]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = i
    }
    ;[rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!]
    const lead = rows[column]![column]!
    if (lead === 0) throw new RangeError('singular matrix')
    for (let i = 0; i < n; i++) {
      if (i === column) continue
      const factor = rows[i]![column]! / lead
      for (let j = column; j <= n; j++) rows[i]![j]! -= factor * rows[column]![j]!
    }
  }
  return rows.map((row, i) => row[n]! / row[i]!)
}

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
