import { describe, expect, it } from 'vitest'
import { survey, surveyWidths } from '../../../../src-main/core/latency/survey'
import { findTreads } from '../../../../src-main/core/latency/treads'
import type { LatencyMeasurement, Widths } from '../../../../src-main/core/ports'
import { createRandom } from '../../../../src-main/core/statistics/random'

const noise = 0.002

function points(channels: number, ratio: (kept: number) => number, seed = 1) {
  const random = createRandom(seed)
  return Array.from({ length: channels }, (_, i) => {
    return { kept: i + 1, ratio: ratio(i + 1) + noise * random.normal(), noise }
  })
}

describe('findTreads', () => {
  it('finds steps of twice the noise that no two neighbours would show', () => {
    const { steps, levels } = findTreads(points(64, (kept) => 0.9 + 0.00625 * Math.ceil(kept / 16)))
    // Where one ends may be off by one at so much noise.
    expect(steps.map(({ from }) => Math.round((from - 1) / 16) * 16)).toEqual([48, 32, 16])
    for (const { from, to } of steps) expect(Math.abs(((from + 7) % 16) - 8) + (from - to)).toBeLessThanOrEqual(2)
    expect(levels[20]).toBeCloseTo(0.9 + 0.0125, 2)
  })

  it('takes a ramp for no staircase, and a dip for two steps', () => {
    expect(findTreads(points(64, (kept) => 0.8 + 0.003 * kept)).steps).toEqual([])
    const { steps } = findTreads(points(64, (kept) => (kept === 40 ? 0.95 : 1)))
    expect(steps.map(({ from, drop }) => [from, Math.sign(drop)])).toEqual([
      [41, 1],
      [40, -1],
    ])
  })

  it('finds nothing in noise', () => {
    const found = Array.from({ length: 50 }, (_, seed) => findTreads(points(64, () => 1, seed)).steps.length)
    expect(found.filter((count) => count > 0).length).toBeLessThan(5)
  })
})

describe('survey', () => {
  it('starts with neighbours of multiples where all widths would be too many', () => {
    expect(surveyWidths(8, 64)).toEqual([1, 2, 3, 4, 5, 6, 7])
    expect(surveyWidths(64, 16)).toEqual([1, 8, 9, 16, 17, 24, 25, 32, 33, 40, 41, 48, 49, 56, 57])
    expect(surveyWidths(512, 64)).toHaveLength(63)
  })

  it('finds odd steps of a wide layer by bisection, with few measurements', async () => {
    const random = createRandom(3)
    const truth = (kept: number): number =>
      0.6 + 0.1 * (kept > 100 ? 1 : 0) + 0.2 * (kept > 333 ? 1 : 0) + 0.1 * (kept > 448 ? 1 : 0)
    const measure = (variants: readonly Widths[]): Promise<LatencyMeasurement[]> =>
      Promise.resolve(
        variants.map((widths) => {
          const ratio = truth(widths['a']!) + 0.003 * random.normal()
          return { ratio, median: ratio, mad: (0.003 / 1.4826) * Math.sqrt(30 / 1.57), samples: 30 }
        }),
      )
    const groups = [{ id: 'a', channels: 512, signature: 's', removable: false }]
    const { table, measured } = await survey(groups, measure, { refinements: 10, resolution: 0.03 })
    expect(table.staircases['s']!.steps.map(({ from, to }) => [from, to])).toEqual([
      [449, 448],
      [334, 333],
      [101, 100],
    ])
    expect(measured).toBeLessThan(200)
  })
})
