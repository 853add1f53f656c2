import type { OutlineEdge } from '../../../src-main/core/coupling/outline'

/**
 * The layer of every node: one below the lowest of what it reads (longest path from the inputs). Nodes that read nothing
 * are drawn just above their first reader instead of at the very top.
 * @param edges from lower to higher indices, as an outline has them
 */
export function rankNodes(count: number, edges: readonly OutlineEdge[]): Int32Array {
  const ranks = new Int32Array(count)
  const reads = new Uint8Array(count)
  const first = new Int32Array(count).fill(-1)
  for (const [from, to] of [...edges].sort((a, b) => a[1] - b[1])) {
    ranks[to] = Math.max(ranks[to]!, ranks[from]! + 1)
    reads[to] = 1
  }
  for (const [from, to] of edges) if (first[from]! < 0 || ranks[to]! < first[from]!) first[from] = ranks[to]!
  for (let i = 0; i < count; i++) if (!reads[i] && first[i]! > 0) ranks[i] = first[i]! - 1
  return ranks
}
