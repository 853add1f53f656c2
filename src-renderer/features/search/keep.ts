import { readStep } from '../../../src-main/core/explain/steps'
import type { Staircase } from '../../../src-main/core/latency/table'
import type { SearchGroup, Stair } from '../../../src-main/contract/progress'
import type { SearchView } from '../../stores/search-view'

/** A group's bar: how many channels stay, over what the device says of every width. */
export interface KeepBar {
  readonly id: string
  readonly channels: number
  /** 0: the residual branch is removed. Undefined: no candidate is shown. */
  readonly kept: number | undefined
  readonly points: readonly Stair[]
  /** Where a few channels more or fewer would be faster. */
  readonly advice: { readonly kept: number; readonly saved: number } | undefined
}

/** Farther away than this part of the channels it is another plan, not a bar that ends just past a step. */
const near = 1 / 12

/** The bars of a plan in the order of the network. */
export function keepBars({ groups, staircases }: SearchView, kept: ArrayLike<number> | undefined): KeepBar[] {
  return groups.map((group, i) => {
    const points = staircases[group.signature]?.points ?? []
    const own = kept?.[i]
    return { id: group.id, channels: group.channels, kept: own, points, advice: adviceFor(group, points, own) }
  })
}

/** A width close by that is faster: the bar ends just past a step. */
export function adviceFor(
  { channels }: Pick<SearchGroup, 'channels'>,
  points: readonly Stair[],
  kept: number | undefined,
): KeepBar['advice'] {
  if (kept === undefined || kept === 0 || points.length < 3) return undefined
  const better = readStep({ channels, points, steps: [] } as Staircase, kept)?.better
  if (!better || better.kept === 0) return undefined
  return Math.abs(better.kept - kept) <= Math.max(1, Math.round(channels * near)) ? better : undefined
}

/** "2 channels fewer is 0.4 ms faster" */
export function adviceText(bar: KeepBar, unit: number | undefined): string {
  if (!bar.advice || bar.kept === undefined) return ''
  const apart = bar.kept - bar.advice.kept
  const count = Math.abs(apart)
  const gain =
    unit === undefined
      ? `${(bar.advice.saved * 100).toFixed(2)} % of the network`
      : `${small(bar.advice.saved * unit)} ms`
  return `${count} ${count === 1 ? 'channel' : 'channels'} ${apart > 0 ? 'fewer' : 'more'} is ${gain} faster`
}

const small = (ms: number): string => (ms >= 1 ? ms.toFixed(1) : ms.toPrecision(2))

/** "12 of 16", "removed" */
export const keptText = ({ kept, channels }: KeepBar): string =>
  kept === undefined ? `${channels}` : kept === 0 ? 'removed' : `${kept}/${channels}`
