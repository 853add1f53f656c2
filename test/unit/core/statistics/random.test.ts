import { describe, expect, it } from 'vitest'
import { createRandom, deriveSeed, permutation, restoreRandom } from '../../../../src-main/core/statistics/random'

describe('createRandom', () => {
  it('matches the reference implementation of xoshiro128**', () => {
    // From state 1 2 3 4 the authors' C code gives 11520, 0, 5927040, 70819200 as its first four outputs.
    const random = restoreRandom([1, 2, 3, 4])
    const expected = ((11520 >>> 5) * 67108864 + (0 >>> 6)) / 2 ** 53
    const second = ((5927040 >>> 5) * 67108864 + (70819200 >>> 6)) / 2 ** 53
    expect([random.next(), random.next()]).toEqual([expected, second])
  })

  it('continues from a saved state', () => {
    const random = createRandom(7)
    random.normal()
    const copy = restoreRandom(JSON.parse(JSON.stringify(random.state())) as number[])
    expect([copy.next(), copy.below(100), copy.normal()]).toEqual([random.next(), random.below(100), random.normal()])
  })

  it('is uniform and normal to the accuracy of 20000 draws', () => {
    const random = createRandom(3)
    const uniform = Array.from({ length: 20000 }, () => random.next())
    const normal = Array.from({ length: 20000 }, () => random.normal())
    const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length
    expect(Math.abs(mean(uniform) - 0.5)).toBeLessThan(0.01)
    expect(Math.abs(mean(uniform.map((u) => (u - 0.5) ** 2)) - 1 / 12)).toBeLessThan(0.002)
    expect(Math.abs(mean(normal))).toBeLessThan(0.03)
    expect(Math.abs(mean(normal.map((z) => z * z)) - 1)).toBeLessThan(0.04)
    expect(uniform.every((u) => u >= 0 && u < 1)).toBe(true)
  })

  it('tells seeds apart beyond 32 bits, and labels', () => {
    expect(createRandom(1).next()).not.toBe(createRandom(1 + 2 ** 32).next())
    expect(deriveSeed(1, 'search')).not.toBe(deriveSeed(1, 'random'))
    expect(deriveSeed(1, 'search')).not.toBe(deriveSeed(2, 'search'))
  })
})

describe('permutation', () => {
  it('holds every index once and reaches every position, the last too', () => {
    const random = createRandom(5)
    const last = new Set<number>()
    for (let i = 0; i < 200; i++) {
      const order = permutation(5, random)
      expect([...order].sort()).toEqual([0, 1, 2, 3, 4])
      last.add(order[4]!)
    }
    expect(last.size).toBe(5)
  })
})
