/**
 * Splits the edges of a regular bipartite multigraph into perfect matchings: edge i joins left[i] and right[i], and every
 * vertex of both sides (0 … parts − 1) has as many edges. Such a split always exists (König 1916); found by augmenting
 * paths, one matching after another, each leaving a regular graph. Undefined where the graph is not regular.
 *
 * @returns per matching its edges
 */
export function perfectMatchings(
  left: readonly number[],
  right: readonly number[],
  parts: number,
): number[][] | undefined {
  const free = new Set(left.keys())
  const matchings: number[][] = []
  while (free.size > 0) {
    const edges: number[][] = Array.from({ length: parts }, () => [])
    for (const edge of free) edges[left[edge]!]!.push(edge)
    const matched = new Array<number | undefined>(parts).fill(undefined)
    for (let vertex = 0; vertex < parts; vertex++)
      if (!augment(vertex, edges, left, right, matched, new Set())) return undefined
    const matching = matched.map((edge) => edge!)
    for (const edge of matching) free.delete(edge)
    matchings.push(matching.sort((a, b) => a - b))
  }
  return matchings
}

/** Finds an edge for a left vertex, moving others if need be (Kuhn's algorithm). */
function augment(
  vertex: number,
  edges: readonly (readonly number[])[],
  left: readonly number[],
  right: readonly number[],
  matched: (number | undefined)[],
  seen: Set<number>,
): boolean {
  for (const edge of edges[vertex]!) {
    const end = right[edge]!
    if (seen.has(end)) continue
    seen.add(end)
    const other = matched[end]
    if (other !== undefined && !augment(left[other]!, edges, left, right, matched, seen)) continue
    matched[end] = edge
    return true
  }
  return false
}
