import type { CoupledGroup, Coupling, GroupConstant, GroupMember } from '../coupling/groups'
import type { Keep } from './widths'

/** Channels of one tensor that a plan keeps, ascending. */
export interface KeptChannels {
  readonly axis: number
  readonly indices: readonly number[]
  /** Before surgery. */
  readonly count: number
}

/** What a plan keeps along one axis of a constant, as one node reads it. */
export interface KeptConstant {
  readonly node: string
  readonly input: number
  readonly tensor: string
  readonly axis: number
  readonly indices: readonly number[]
  /** For a grouped convolution's weight: what each of its groups keeps of its own part, ascending from 0. */
  readonly perPart: readonly (readonly number[])[] | undefined
  /** Which channels of which groups the axis follows, of those that lose some. */
  readonly follows: string
}

/**
 * What a use of a constant follows of a group. Readers of one constant that follow the same keep sharing it; others get
 * a copy of their own, even where they happen to keep the same indices: equal widths give equal files.
 */
export function followedBy(group: CoupledGroup, { units }: GroupMember): string {
  // FNV-1a: only uses that keep the same indices are ever compared by it.
  let hash = 0x811c9dc5
  for (const unit of units) hash = Math.imul(hash ^ unit, 0x01000193)
  return `${group.id}#${hash >>> 0}`
}

/** Clears the positions of units that go. */
function clear(mask: boolean[], { units }: GroupMember, stays: ReadonlySet<number>): void {
  units.forEach((unit, position) => {
    if (unit >= 0 && !stays.has(unit)) mask[position] = false
  })
}

const positions = (mask: readonly boolean[]): number[] => mask.flatMap((on, position) => (on ? [position] : []))

/** Channels of every activation that loses some. */
export function keptChannels(coupling: Coupling, keep: Keep): Map<string, KeptChannels> {
  const masks = new Map<string, { axis: number; mask: boolean[] }>()
  for (const group of coupling.groups) {
    const units = keep.get(group.id)
    if (!units || units.length === group.channels) continue
    const stays = new Set(units)
    for (const member of group.members) {
      let entry = masks.get(member.tensor)
      if (!entry) {
        entry = { axis: member.axis, mask: new Array<boolean>(member.units.length).fill(true) }
        masks.set(member.tensor, entry)
      }
      clear(entry.mask, member, stays)
    }
  }
  return new Map(
    [...masks].map(([tensor, { axis, mask }]) => [tensor, { axis, indices: positions(mask), count: mask.length }]),
  )
}

/** Every axis of every constant that loses something, per node that reads it. */
export function keptConstants(coupling: Coupling, keep: Keep): KeptConstant[] {
  const entries = new Map<string, { mask: boolean[]; use: GroupConstant; follows: string[] }>()
  for (const group of coupling.groups) {
    const units = keep.get(group.id)
    if (!units || units.length === group.channels) continue
    const stays = new Set(units)
    for (const use of group.constants) {
      const key = `${use.node}#${use.input}@${use.axis}`
      let entry = entries.get(key)
      if (!entry) {
        entry = { use, mask: new Array<boolean>(use.units.length).fill(true), follows: [] }
        entries.set(key, entry)
      }
      clear(entry.mask, use, stays)
      entry.follows.push(followedBy(group, use))
    }
  }
  return [...entries.values()].map(({ use: { node, input, tensor, axis, parts }, mask, follows: each }) => {
    const follows = each.join()
    if (parts === 1) return { node, input, tensor, axis, indices: positions(mask), perPart: undefined, follows }
    const size = mask.length / parts
    const perPart = Array.from({ length: parts }, (_, p) => positions(mask.slice(p * size, (p + 1) * size)))
    return { node, input, tensor, axis, indices: perPart[0]!, perPart, follows }
  })
}
