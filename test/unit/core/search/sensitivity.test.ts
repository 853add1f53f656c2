import { describe, expect, it } from 'vitest'
import { lossAt, monotone } from '../../../../src-main/core/search/sensitivity'

describe('sensitivity', () => {
  it('pools what violates monotonicity, weighted, and cuts what is negative', () => {
    const points = [
      { kept: 16, loss: 0 },
      { kept: 4, loss: 1 },
      { kept: 8, loss: 2 },
      { kept: 12, loss: -0.1 },
    ]
    expect(monotone(points).map(({ loss }) => loss)).toEqual([1.5, 1.5, 0, 0])
  })

  it('passes through its points, monotone between, straight on below', () => {
    const points = monotone([
      { kept: 8, loss: 3 },
      { kept: 16, loss: 1 },
      { kept: 32, loss: 0.9 },
      { kept: 64, loss: 0 },
    ])
    const sensitivity = { id: 'g', channels: 64, points }
    for (const { kept, loss } of points) expect(lossAt(sensitivity, kept)).toBe(loss)
    expect(lossAt(sensitivity, 4)).toBe(4)
    for (let kept = 1; kept < 64; kept++) {
      expect(lossAt(sensitivity, kept)).toBeGreaterThanOrEqual(lossAt(sensitivity, kept + 1) - 1e-12)
    }
  })
})
