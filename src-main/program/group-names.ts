import type { CoupledGroup, Coupling } from '../core/coupling/groups'
import { layerName } from '../core/coupling/layers'
import { fail } from '../core/failure'

/**
 * Groups that names stand for: a group's id, or a layer's name as `inspect` lists it or the file has it, which stands
 * for the channels that layer makes (a depthwise convolution: carries).
 * @param option whose value the names are, for the message
 * @throws LupineError 'group-unknown' naming the nearest
 */
export function groupsNamed(coupling: Coupling, names: readonly string[], option: string): string[] {
  const layers = new Map<string, Set<CoupledGroup>>()
  const nodes = new Map(coupling.network.nodes.map((node) => [node.name, node]))
  for (const group of coupling.groups) {
    const makers = [...group.producers, ...group.constants.filter(({ side }) => side === 'out').map(({ node }) => node)]
    for (const maker of new Set(makers))
      for (const name of [maker, layerName(nodes.get(maker)!)])
        layers.set(name, (layers.get(name) ?? new Set()).add(group))
  }
  const ids = new Set(coupling.groups.map(({ id }) => id))
  return names.flatMap((name) => {
    if (ids.has(name)) return [name]
    const found = layers.get(name)
    if (found) return [...found].map(({ id }) => id)
    const near = nearest(name, [...ids, ...layers.keys()])
    throw fail(
      'usage',
      'group-unknown',
      `${option} names "${name}", which is no group or layer of this model.`,
      `${near ? `Did you mean "${near}"? ` : ''}lupine inspect lists the groups and their layers.`,
    )
  })
}

/** The candidate with the fewest edits (Levenshtein), if it is like the name at all. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined
  let fewest = Math.max(2, Math.ceil(name.length * 0.6))
  for (const candidate of candidates) {
    const edits = distance(name.toLowerCase(), candidate.toLowerCase())
    if (edits < fewest) [best, fewest] = [candidate, edits]
  }
  return best
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    row = next
  }
  return row[b.length]!
}
