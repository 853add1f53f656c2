import { describe, expect, it } from 'vitest'
import { kendall, ranks, spearman } from '../../../../src-main/core/statistics/ranks'

describe('rank correlations', () => {
  it('averages tied ranks', () => {
    expect(ranks([10, 20, 10, 5])).toEqual([2.5, 4, 2.5, 1])
  })

  it('agrees with values worked out by hand', () => {
    // d = (0, -1, 1, -1, 1): 1 − 6·4/(5·24) = 0.8; 8 concordant, 2 discordant pairs of 10.
    expect(spearman([1, 2, 3, 4, 5], [1, 3, 2, 5, 4])).toBeCloseTo(0.8, 12)
    expect(kendall([1, 2, 3, 4, 5], [1, 3, 2, 5, 4])).toBeCloseTo(0.6, 12)
    // One tie in a: 5 of 6 pairs untied there, all 6 in b, all 5 concordant: 5/√30.
    expect(kendall([1, 1, 2, 3], [1, 2, 3, 4])).toBeCloseTo(5 / Math.sqrt(30), 12)
  })

  it('has no value for a constant and refuses unequal lengths', () => {
    expect(spearman([1, 1, 1], [1, 2, 3])).toBeNaN()
    expect(() => kendall([1], [1, 2])).toThrow(RangeError)
  })
})
