import type { Balance, ChannelClasses } from './channels'
import { perfectMatchings } from './matching'

/**
 * The groups of a grouped convolution must stay equal in size. Unites channels into units each of which takes equally
 * many from every group of every grouped convolution it reaches, so that any choice of units keeps the balance: for one
 * convolution the i-th channel of every group; behind a channel shuffle, where two orders meet, a matching of both.
 * What finds no partners is blocked.
 */
export function balanceUnits(channels: ChannelClasses): void {
  for (const component of components(channels)) {
    const excess = excesses(component, channels)
    const free = [...excess].filter(([root]) => channels.reason(root) === undefined)
    const left = new Map(free.sort(([a], [b]) => a - b))
    const take = (unit: readonly number[]): void =>
      unit.forEach((root, i) => {
        left.delete(root)
        if (i > 0) channels.unite(unit[0]!, root)
      })
    for (const unit of matchedUnits(component, [...left.keys()], channels) ?? []) take(unit)
    for (let unit = balancedUnit(left); unit; unit = balancedUnit(left)) take(unit)
    const names = [...new Set(component.map(({ node }) => `"${node}"`))].join(', ')
    for (const root of left.keys())
      channels.block(Int32Array.of(root), `the groups of ${names} would not stay equal in size`)
  }
}

/** Balances that share a class, directly or through others. */
function components(channels: ChannelClasses): Balance[][] {
  const found: { balances: Balance[]; roots: Set<number> }[] = []
  for (const balance of channels.balances) {
    const roots = new Set(Array.from(balance.ids, (id) => channels.find(id)))
    const touching = found.filter((component) => [...roots].some((root) => component.roots.has(root)))
    const merged = { balances: [...touching.flatMap((c) => c.balances), balance], roots }
    for (const component of touching) {
      for (const root of component.roots) roots.add(root)
      found.splice(found.indexOf(component), 1)
    }
    found.push(merged)
  }
  return found.map((component) => component.balances)
}

/** Per class and group, parts·(its channels in the group) − (its channels in all): zero everywhere when balanced. */
function excesses(balances: readonly Balance[], channels: ChannelClasses): Map<number, Int32Array> {
  const width = balances.reduce((sum, { parts }) => sum + parts, 0)
  const result = new Map<number, Int32Array>()
  let offset = 0
  for (const { ids, parts } of balances) {
    const size = ids.length / parts
    ids.forEach((id, i) => {
      const root = channels.find(id)
      const vector = result.get(root) ?? new Int32Array(width)
      result.set(root, vector)
      for (let p = 0; p < parts; p++) vector[offset + p]! -= 1
      vector[offset + Math.floor(i / size)]! += parts
    })
    offset += parts
  }
  return result
}

/**
 * Where two groupings meet (a shuffle between two grouped convolutions) and each class is one channel of both: perfect
 * matchings of the one's groups with the other's. Undefined for anything else.
 */
function matchedUnits(
  balances: readonly Balance[],
  roots: readonly number[],
  channels: ChannelClasses,
): number[][] | undefined {
  const groupings = new Map<string, number[]>()
  for (const { ids, parts } of balances) {
    const partOf = new Map<number, number>()
    ids.forEach((id, i) => partOf.set(channels.find(id), Math.floor((i * parts) / ids.length)))
    if (partOf.size !== ids.length || parts !== balances[0]!.parts) return undefined
    if (ids.length !== roots.length || roots.some((root) => !partOf.has(root))) return undefined
    const grouping = roots.map((root) => partOf.get(root)!)
    groupings.set(grouping.join(), grouping)
  }
  const [first, second, ...more] = groupings.values()
  if (!first || !second || more.length > 0) return undefined
  return perfectMatchings(first, second, balances[0]!.parts)?.map((edges) => edges.map((edge) => roots[edge]!))
}

/** Greedy: from the first class on, always the one that brings the sum nearest to zero; undefined when stuck. */
function balancedUnit(left: ReadonlyMap<number, Int32Array>): number[] | undefined {
  if (left.size === 0) return undefined
  const [first, start] = left.entries().next().value as [number, Int32Array]
  const unit = [first]
  const sum = start.slice()
  const norm = (vector: Int32Array) => vector.reduce((total, x, i) => total + (sum[i]! + x) ** 2, 0)
  let distance = sum.reduce((total, x) => total + x * x, 0)
  while (distance > 0) {
    let best: number | undefined
    let bestNorm = Infinity
    for (const [root, vector] of left) {
      const after = norm(vector)
      if (after < bestNorm && !unit.includes(root)) [best, bestNorm] = [root, after]
    }
    // Each step of a greedy matching adds one partner; more than the groups there are means no balance is near.
    if (best === undefined || unit.length > sum.length) return undefined
    unit.push(best)
    left.get(best)!.forEach((x, i) => (sum[i]! += x))
    distance = bestNorm
  }
  return unit
}
