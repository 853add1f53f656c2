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
