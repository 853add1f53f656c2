import { describe, expect, it } from 'vitest'
import { perfectMatchings } from '../../../../src-main/core/coupling/matching'

/** Channels shuffled between two convolutions of g groups: their group before and behind. */
const shuffled = (channels: number, g: number) => {
  const before = Array.from({ length: channels }, (_, c) => Math.floor((c * g) / channels))
  const behind = Array.from({ length: channels }, (_, c) => {
    const n = channels / g
    return Math.floor((((c % n) * g + Math.floor(c / n)) * g) / channels)
  })
  return { before, behind }
}

describe('perfectMatchings', () => {
  // 68 channels in 4 groups: 17 each, which 4 does not divide, so that the groups meet unevenly.
  it.each([
    [24, 2],
    [60, 3],
    [68, 4],
    [272, 4],
  ])('splits %i channels of %i groups into units of one channel per group, on both sides', (channels, g) => {
    const { before, behind } = shuffled(channels, g)
    const units = perfectMatchings(before, behind, g)!
    expect(units).toHaveLength(channels / g)
    expect(new Set(units.flat()).size).toBe(channels)
    const all = Array.from({ length: g }, (_, i) => i)
    for (const unit of units) {
      expect(unit.map((c) => before[c]).sort()).toEqual(all)
      expect(unit.map((c) => behind[c]).sort()).toEqual(all)
    }
  })

  it('says so when a vertex has more edges than another', () => {
    expect(perfectMatchings([0, 0, 1], [0, 1, 0], 2)).toBeUndefined()
  })
})
