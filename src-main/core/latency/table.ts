import { fail } from '../failure'
import type { Widths } from '../ports'

/**
 * MACs of a plan as a fraction of the original's. Tells how far savings of groups that share layers overlap (the cost
 * of a convolution is a product of its two widths); without it savings simply add up.
 */
export type MacsFraction = (widths: Widths) => number

/** A coupled group as the latency table sees it. */
export interface LatencyGroup {
  readonly id: string
  /** Channels of the original. */
  readonly channels: number
  /** Groups with the same layer shapes have the same signature and share a staircase. */
  readonly signature: string
  /** Whether the residual branch it lies in can be removed (width 0). */
  readonly removable: boolean
  /** The residual branch it lies in, when several groups share one; any of them at 0 removes it. */
  readonly branch?: string
  /** Names of the layers whose cost depends on it; absent: not known. */
  readonly layers?: readonly string[]
}

/** One width of a staircase. */
export interface StaircasePoint {
  /** Channels kept; 0 = the residual branch removed. */
  readonly kept: number
  /** Predicted latency of the network with this group alone at this width, over the sentinel's. */
  readonly ratio: number
  /** Standard error of `ratio`. */
  readonly noise: number
  /** `ratio` averaged over the widths of its tread: what is read off the staircase. */
  readonly level?: number
}

/** What is read off a staircase at a point. */
export const levelOf = ({ level, ratio }: StaircasePoint): number => level ?? ratio

/** A place where latency jumps between neighbouring measured widths by more than the noise explains. */
export interface StaircaseStep {
  readonly from: number
  readonly to: number
  /** ratio(from) − ratio(to); negative where narrower is slower. */
  readonly drop: number
}

export interface Staircase {
  readonly channels: number
  /** By rising width; the last is the untouched group, ratio 1. */
  readonly points: readonly StaircasePoint[]
  readonly steps: readonly StaircaseStep[]
}

/** The latency of one network on one device; plain JSON. */
export interface LatencyTable {
  readonly version: 1
  readonly groups: readonly LatencyGroup[]
  /** By signature. */
  readonly staircases: Readonly<Record<string, Staircase>>
  /** By branch: the ratio of the network with that branch removed. */
  readonly removals: Readonly<Record<string, number>>
}

/** A variant to measure for the table. */
export interface PlannedPoint {
  /** Groups (or, with kept 0, branches) that are alike and pruned together here: the noise is shared out among them. */
  readonly members: readonly string[]
  readonly signature: string
  readonly kept: number
  readonly widths: Widths
}

export interface TableOptions {
  /** Widths per group: multiples of channels/steps. Default 16. */
  readonly steps?: number
  /** Further odd widths per signature, to learn what misaligned widths cost. Default 0. */
  readonly misaligned?: number
  /**
   * Prune all groups of a signature in one variant and share the saving out among them (default), or one group only.
   * One group of ResNet-56 holds 4 % of the time, and a step of its staircase less than the noise of a measurement.
   */
  readonly together?: boolean
  /** The widths themselves, instead of `steps` and `misaligned`. */
  readonly grid?: (group: LatencyGroup) => readonly number[]
  /** Also the removals of branches. Default true. */
  readonly removals?: boolean
}

export const branchOf = (group: LatencyGroup): string => group.branch ?? group.id

/** Groups by branch, in the order of the groups. */
export function branches(groups: readonly LatencyGroup[]): Map<string, LatencyGroup[]> {
  const map = new Map<string, LatencyGroup[]>()
  for (const group of groups) map.set(branchOf(group), [...(map.get(branchOf(group)) ?? []), group])
  return map
}

/** Widths worth measuring below `channels`, rising: channels·i/steps rounded, then some odd ones. */
export function widthGrid(channels: number, steps = 16, misaligned = 0): number[] {
  const widths = new Set<number>()
  for (let i = 1; i < steps; i++) widths.add(Math.round((channels * i) / steps))
  for (let i = 0; i < misaligned; i++) widths.add((Math.round((channels * (i + 1)) / (misaligned + 1)) - 1) | 1)
  return [...widths].filter((kept) => kept > 0 && kept < channels).sort((a, b) => a - b)
}

/**
 * Which variants to measure: for each distinct signature its width grid, and removal where allowed.
 * @throws LupineError kind 'work' code 'latency-signature' when groups of one signature differ in channels
 */
export function planTable(groups: readonly LatencyGroup[], options: TableOptions = {}): PlannedPoint[] {
  const { steps = 16, misaligned = 0, together = true, removals = true } = options
  const grid = options.grid ?? (({ channels }) => widthGrid(channels, steps, misaligned))
  const pick = <T>(alike: T[]): T[] => (together ? alike : alike.slice(0, 1))
  const points: PlannedPoint[] = []
  for (const [signature, alike] of bySignature(groups)) {
    const members = pick(alike.map((group) => group.id))
    for (const kept of grid(alike[0]!)) {
      points.push({ members, signature, kept, widths: Object.fromEntries(members.map((id) => [id, kept])) })
    }
  }
  for (const [signature, alike] of removals ? removableBranches(groups) : []) {
    const members = pick(alike.map(([name]) => name))
    const ids = pick(alike).flatMap(([, list]) => list.map((group) => group.id))
    points.push({ members, signature, kept: 0, widths: Object.fromEntries(ids.map((id) => [id, 0])) })
  }
  return points
}

function bySignature(groups: readonly LatencyGroup[]): Map<string, LatencyGroup[]> {
  const map = new Map<string, LatencyGroup[]>()
  for (const group of groups) {
    const alike = map.get(group.signature)
    if (!alike) map.set(group.signature, [group])
    else if (alike[0]!.channels === group.channels) alike.push(group)
    else {
      throw fail(
        'work',
        'latency-signature',
        `Groups ${alike[0]!.id} (${alike[0]!.channels} channels) and ${group.id} (${group.channels}) share a signature.`,
        'This is a defect: groups with one signature must have the same shapes.',
      )
    }
  }
  return map
}

/** Removable branches that are alike, by the signatures of their groups. */
export function removableBranches(groups: readonly LatencyGroup[]): Map<string, [string, LatencyGroup[]][]> {
  const map = new Map<string, [string, LatencyGroup[]][]>()
  for (const [name, list] of branches(groups)) {
    if (!list.some((group) => group.removable)) continue
    const signature = list.map((group) => group.signature).join(' + ')
    map.set(signature, [...(map.get(signature) ?? []), [name, list]])
  }
  return map
}
