import { describe, expect, it } from 'vitest'
import { centre, dlhMove, encircling, fixBound, gwoMove } from '../../../../src-main/core/search/wolf-moves'
import { createRandom } from '../../../../src-main/core/statistics/random'

describe('wolf moves', () => {
  it('decays a from 2 to 0, slower at first when nonlinear', () => {
    expect([encircling(0, 'linear'), encircling(0.5, 'linear'), encircling(1, 'linear')]).toEqual([2, 1, 0])
    expect(encircling(0.5, 'nonlinear')).toBeCloseTo(2 * (1 - Math.SQRT1_2 / 2), 12)
    expect(encircling(1.2, 'nonlinear')).toBe(0)
  })

  it('moves to the mean of the leaders when a is 0', () => {
    const leaders = [[0.1], [0.2], [0.6]]
    expect(gwoMove([0.9], leaders, [0.5], 0, createRandom(1))[0]).toBeCloseTo(0.3, 12)
    expect(gwoMove([0.9], [[0.1]], [0.5], 0, createRandom(1))[0]).toBeCloseTo(0.1, 12)
  })

  it('does not know where zero is: a pack shifted moves shifted', () => {
    // Small a, so that no bound interferes.
    const pack = [[0.4], [0.45], [0.5], [0.42]]
    const shifted = pack.map(([x]) => [x! + 0.1])
    const move = (of: number[][]): number => gwoMove(of[3]!, of.slice(0, 3), centre(of), 0.5, createRandom(9))[0]!
    expect(move(shifted)).toBeCloseTo(move(pack) + 0.1, 12)
  })

  it('has no drift towards a corner over many moves', () => {
    // With the origin at zero, as published, the same pack drifts by more than twice this.
    const random = createRandom(4)
    const pack = [[0.7], [0.75], [0.8], [0.72], [0.78]]
    const drift = (origin: number[]): number => {
      let sum = 0
      for (let i = 0; i < 4000; i++) sum += gwoMove(pack[3]!, pack.slice(0, 3), origin, 1.5, random)[0]! - 0.75
      return Math.abs(sum / 4000)
    }
    expect(drift(centre(pack))).toBeLessThan(0.01)
    expect(drift([0])).toBeGreaterThan(0.02)
  })

  it('bounds by halving the way, not by clipping', () => {
    expect([fixBound(0.4, -3), fixBound(0.4, 1.5), fixBound(0.4, 0.9)]).toEqual([0.2, 0.7, 0.9])
  })

  it('learns only from neighbours within the radius of the step', () => {
    const pack = [
      [0.5, 0.5],
      [0.52, 0.5],
      [0.9, 0.9],
    ]
    const random = createRandom(2)
    for (let i = 0; i < 100; i++) {
      // Radius 0.05: itself and the second wolf; the third never shows.
      const [x, y] = dlhMove(0, pack, [0.55, 0.5], pack[0]!, random) as [number, number]
      expect(x).toBeGreaterThanOrEqual(0.5)
      expect(x).toBeLessThanOrEqual(0.52)
      expect(y).toBe(0.5)
    }
  })
})
