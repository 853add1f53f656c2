import type { Random, Widths } from '../ports'
import type { CostKind, CostModel } from './budget'

/** One choice of a dimension. */
export interface Level {
  /** Channels kept; for a branch 1 = present, 0 = removed. */
  readonly kept: number
  /** Of the network with this choice alone, as fractions of the original. */
  readonly costs: Readonly<Partial<Record<CostKind, number>>>
  /** Estimated loss of this choice alone; 0 at level 0, strictly rising. */
  readonly loss: number
}

/** A group's width, or the presence of a residual branch that holds several groups. */
export interface Dimension {
  readonly id: string
  readonly kind: 'width' | 'branch'
  /** The groups it sets: one, or all of the branch. */
  readonly groups: readonly string[]
  /** From untouched (level 0) to smallest, none dominated in (costs, loss). */
  readonly levels: readonly Level[]
}

/** Plain JSON. */
export interface Space {
  readonly dimensions: readonly Dimension[]
  /** Per dimension, the branch dimension whose removal makes it meaningless; −1 = none. */
  readonly gates: readonly number[]
}

export interface SpaceGroup {
  readonly id: string
  readonly channels: number
  readonly removable: boolean
  readonly branch?: string
}

export interface SpaceOptions {
  readonly groups: readonly SpaceGroup[]
  /** Widths on offer below the original, without 0. */
  readonly candidates: (group: SpaceGroup) => readonly number[]
  readonly kinds: readonly CostKind[]
  readonly costs: CostModel
  /** Estimated loss of a plan that touches one group (or removes one branch). */
  readonly loss: (widths: Widths) => number
}

/** Losses that tie (both measured as nothing) still prefer the wider: this much per part pruned. */
const TIE_BREAK = 1e-9

/**
 * The search space: a dimension per group whose levels are its non-dominated (cost, loss) points, removal of the
 * branch (0) among them where allowed; a branch of several groups gets a dimension of its own. Dimensions with nothing
 * to choose are left out.
 */
export function createSpace(options: SpaceOptions): Space {
  const { groups, candidates, kinds, costs, loss } = options
  const members = new Map<string, SpaceGroup[]>()
  for (const group of groups) {
    if (group.branch !== undefined) members.set(group.branch, [...(members.get(group.branch) ?? []), group])
  }
  const isShared = (group: SpaceGroup): boolean => (members.get(group.branch ?? '')?.length ?? 1) > 1
  const level = (kept: number, pruned: number, widths: Widths): Level => ({
    kept,
    costs: Object.fromEntries(kinds.map((kind) => [kind, costs.cost(kind, widths)])),
    loss: Math.max(0, loss(widths)) + TIE_BREAK * pruned,
  })
  const untouched = (kept: number): Level => ({ ...level(kept, 0, {}), loss: 0 })

  const dimensions: Dimension[] = []
  const gates: number[] = []
  const branchIndex = new Map<string, number>()
  for (const group of groups) {
    const shared = isShared(group)
    if (shared && group.removable && !branchIndex.has(group.branch!)) {
      const ids = members.get(group.branch!)!.map(({ id }) => id)
      const removed = level(0, 1, Object.fromEntries(ids.map((id) => [id, 0])))
      const levels = nonDominated([untouched(1), removed])
      if (levels.length > 1) {
        branchIndex.set(group.branch!, dimensions.length)
        dimensions.push({ id: group.branch!, kind: 'branch', groups: ids, levels })
        gates.push(-1)
      }
    }
    const widths = candidates(group).filter((kept) => kept > 0 && kept < group.channels)
    if (group.removable && !shared) widths.push(0)
    const points = [...new Set(widths)].map((kept) => level(kept, 1 - kept / group.channels, { [group.id]: kept }))
    const levels = nonDominated([untouched(group.channels), ...points])
    if (levels.length > 1) {
      dimensions.push({ id: group.id, kind: 'width', groups: [group.id], levels })
      gates.push(shared ? (branchIndex.get(group.branch!) ?? -1) : -1)
    }
  }
  return { dimensions, gates }
}

/** Levels no other level beats in every cost and in loss; by falling width. */
export function nonDominated(levels: readonly Level[]): Level[] {
  const price = (level: Level): number[] => [...Object.values(level.costs), level.loss]
  const beats = (a: Level, b: Level): boolean => {
    const [x, y] = [price(a), price(b)]
    return x.every((value, i) => value <= y[i]!) && (x.some((value, i) => value < y[i]!) || a.kept > b.kept)
  }
  return levels.filter((level) => !levels.some((other) => beats(other, level))).sort((a, b) => b.kept - a.kept)
}

/** Levels of a position: each coordinate cut into equal cells, 0 = untouched. */
export function decode(space: Space, position: readonly number[]): number[] {
  return space.dimensions.map(({ levels }, d) =>
    Math.min(levels.length - 1, Math.max(0, Math.floor(position[d]! * levels.length))),
  )
}

/** A position of these levels: `near`'s coordinate where it already says so, else the middle of the cell. */
export function encode(space: Space, levels: readonly number[], near?: readonly number[]): number[] {
  const told = near ? decode(space, near) : []
  return levels.map((level, d) =>
    near && told[d] === level ? near[d]! : (level + 0.5) / space.dimensions[d]!.levels.length,
  )
}

/** Shifts the level of a dimension by 1 … `reach`, up or down, as far as there are levels; in place. */
export function shiftLevel({ dimensions }: Space, levels: number[], d: number, reach: number, random: Random): void {
  const shift = (1 + random.below(reach)) * (random.next() < 0.5 ? -1 : 1)
  levels[d] = Math.min(dimensions[d]!.levels.length - 1, Math.max(0, levels[d]! + shift))
}

/** Whether a dimension's choice has no effect because its branch is removed. */
export const isMasked = (space: Space, levels: readonly number[], d: number): boolean =>
  space.gates[d]! >= 0 && levels[space.gates[d]!]! > 0

/** The plan of these levels; untouched groups are left out. */
export function widthsOf(space: Space, levels: readonly number[]): Widths {
  const widths: Record<string, number> = {}
  space.dimensions.forEach((dimension, d) => {
    if (levels[d]! === 0 || isMasked(space, levels, d)) return
    for (const id of dimension.groups) widths[id] = dimension.levels[levels[d]!]!.kept
  })
  return widths
}

/** Added-up estimated loss of these levels. */
export function lossOf(space: Space, levels: readonly number[]): number {
  return space.dimensions.reduce(
    (sum, dimension, d) => sum + (isMasked(space, levels, d) ? 0 : dimension.levels[levels[d]!]!.loss),
    0,
  )
}

/** The levels nearest to a plan's widths (for plans from outside the space, such as uniform ones). */
export function levelsNear(space: Space, widths: Widths): number[] {
  return space.dimensions.map((dimension) => {
    const { levels } = dimension
    const zero = dimension.groups.some((id) => widths[id] === 0)
    if (dimension.kind === 'branch') return zero ? 1 : 0
    const kept = widths[dimension.groups[0]!] ?? levels[0]!.kept
    const far = levels.map((level) => ((level.kept === 0) === zero ? Math.abs(level.kept - kept) : Infinity))
    return far.indexOf(Math.min(...far))
  })
}
