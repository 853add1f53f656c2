import { describe, expect, it } from 'vitest'
import { createRandom } from '../../../../src-main/core/statistics/random'
import { bootstrapInterval, mad, median, quantile } from '../../../../src-main/core/statistics/robust'

describe('robust statistics', () => {
  it('takes quantiles as NumPy does by default', () => {
    // numpy.quantile([1, 2, 4, 8], [0, .25, .5, .9, 1])
    expect([0, 0.25, 0.5, 0.9, 1].map((p) => quantile([8, 1, 4, 2], p))).toEqual([1, 1.75, 3, 6.800000000000001, 8])
    expect(median([3, 1, 2])).toBe(2)
    expect(mad([1, 1, 2, 2, 4, 6, 9])).toBe(1)
    expect(() => median([])).toThrow('no values')
  })

  it('covers the true median about as often as it says', () => {
    const random = createRandom(11)
    let covered = 0
    for (let trial = 0; trial < 200; trial++) {
      const processes = Array.from({ length: 15 }, () => {
        const shift = random.normal()
        return Array.from({ length: 20 }, () => 10 + shift + 0.1 * random.normal())
      })
      const interval = bootstrapInterval(processes, random, 0.9, 200)
      if (interval.low <= 10 && interval.high >= 10) covered++
    }
    // An interval over the 300 samples would cover far less: they are 15 clusters.
    expect(covered / 200).toBeGreaterThan(0.8)
    expect(covered / 200).toBeLessThan(0.99)
  })
})
