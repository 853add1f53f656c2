import { expect, it } from 'vitest'
import { geometricMedianDistances } from '../../../../src-main/core/pruning/fpgm'
import { createRandom } from '../../../../src-main/core/statistics/random'

it('adds up distances, worked out by hand', () => {
  // Filters (0, 0), (3, 4), (0, 4), (3, 0), (0, 0): five, so that one is left over from the fours.
  const tensor = { type: 'float32' as const, shape: [5, 2], data: Float32Array.of(0, 0, 3, 4, 0, 4, 3, 0, 0, 0) }
  expect([...geometricMedianDistances(tensor, 0)]).toEqual([12, 17, 16, 15, 12])
})

it('comes within a few percent from every fourth filter', () => {
  const random = createRandom(3)
  const [count, length] = [400, 50]
  // Filters of differing norms, as layers have them.
  const scale = Array.from({ length: count }, () => 0.5 + random.next())
  const data = Float32Array.from({ length: count * length }, (_, i) => scale[Math.floor(i / length)]! * random.normal())
  const tensor = { type: 'float32' as const, shape: [count, length], data }
  const [all, some] = [geometricMedianDistances(tensor, 0), geometricMedianDistances(tensor, 0, 100)]
  const errors = all.map((sum, i) => Math.abs(some[i]! / sum - 1))
  expect(Math.max(...errors)).toBeLessThan(0.05)
  expect(Math.max(...errors)).toBeGreaterThan(0)
})
