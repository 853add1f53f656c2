import { describe, expect, it } from 'vitest'
import { chiSquaredTail, friedman } from '../../../../src-main/core/statistics/friedman'

describe("Friedman's test", () => {
  it("gives the textbook's figures for rounding first base (Hollander & Wolfe 1973, p. 140), ties included", () => {
    const times = [
      [5.4, 5.5, 5.55, 5.85, 5.7, 5.75, 5.2, 5.6, 5.5, 5.55, 5.5, 5.4, 5.9, 5.85, 5.7, 5.45, 5.55, 5.6, 5.4, 5.4, 5.35],
      [
        5.45, 5.5, 5.35, 5.25, 5.15, 5, 5.85, 5.8, 5.7, 5.25, 5.2, 5.1, 5.65, 5.55, 5.45, 5.6, 5.35, 5.45, 5.05, 5,
        4.95,
      ],
      [5.5, 5.5, 5.4, 5.45, 5.55, 5.5, 5.55, 5.55, 5.35, 5.45, 5.5, 5.55, 5.5, 5.45, 5.25, 5.65, 5.6, 5.4],
      [5.7, 5.65, 5.55, 6.3, 6.3, 6.25],
    ].flat()
    const blocks = Array.from({ length: times.length / 3 }, (_, i) => times.slice(3 * i, 3 * i + 3))
    const { chiSquared, p } = friedman(blocks)
    expect(blocks).toHaveLength(22)
    expect(chiSquared).toBeCloseTo(11.143, 3)
    expect(p).toBeCloseTo(0.003805, 5)
  })

  it('knows the tails of χ²', () => {
    expect(chiSquaredTail(3.841, 1)).toBeCloseTo(0.05, 4)
    expect(chiSquaredTail(5.991, 2)).toBeCloseTo(0.05, 4)
    expect(chiSquaredTail(14.067, 7)).toBeCloseTo(0.05, 4)
    expect(chiSquaredTail(15.507, 8)).toBeCloseTo(0.05, 4)
    expect(chiSquaredTail(0, 5)).toBeCloseTo(1, 6)
  })

  it('sees no difference where there is none, and refuses what it cannot test', () => {
    const same = [
      [1, 1, 1],
      [2, 2, 2],
    ]
    expect(friedman(same)).toEqual({ chiSquared: 0, p: 1 })
    expect(() => friedman([[1, 2]])).toThrow(RangeError)
    expect(() => friedman([[1, 2], [1]])).toThrow(RangeError)
  })
})
