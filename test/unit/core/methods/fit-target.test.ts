import { describe, expect, it } from 'vitest'
import { fitTarget } from '../../../../src-main/core/methods/fit-target'
import type { Widths } from '../../../../src-main/core/ports'
import type { CostModel } from '../../../../src-main/core/search/budget'

const family = { widths: (share: number): Widths => ({ a: Math.max(1, Math.round(100 * share)) }) }
/** MACs as the square of the width. */
const costs: CostModel = { cost: (_kind, widths) => ((widths['a'] ?? 100) / 100) ** 2 }
const never = () => Promise.reject(new Error('nothing is to be measured'))

describe('fitTarget', () => {
  it('takes a keep ratio as it is, and the smaller share where MACs ask for it', async () => {
    expect((await fitTarget(family, { keep: 0.6 }, costs, never)).widths).toEqual({ a: 60 })
    expect((await fitTarget(family, { keep: 0.6, macs: 0.25 }, costs, never)).widths).toEqual({ a: 50 })
    expect((await fitTarget(family, { macs: 1 }, costs, never)).share).toBe(1)
  })

  it('says how little there can be', async () => {
    await expect(fitTarget(family, { macs: 1e-5 }, costs, never)).rejects.toMatchObject({
      failure: { code: 'budget-unreachable' },
    })
  })

  it('measures where latency is bounded, and finds the wide plan behind a slow narrow one', async () => {
    // Multiples of eight are fast: 0.3 faster than the line through the others.
    const asked: number[] = []
    const measure = (plans: readonly Widths[]) => {
      asked.push(...plans.map((widths) => widths['a']!))
      return Promise.resolve(
        plans.map((widths) => {
          const ratio = widths['a']! / 100 - (widths['a']! % 8 === 0 ? 0.3 : 0)
          return { ratio, median: ratio, mad: 0 }
        }),
      )
    }
    const plan = await fitTarget(family, { latency: 0.6 }, costs, measure)
    expect(plan.widths).toEqual({ a: 88 })
    expect(plan.measured).toBeCloseTo(0.58, 9)
    expect(asked).toHaveLength(20)
  })

  it('names the fastest that was measured', async () => {
    const measure = (plans: readonly Widths[]) =>
      Promise.resolve(plans.map((_, i) => ({ ratio: 0.9 - i / 100, median: 1, mad: 0 })))
    await expect(fitTarget(family, { latency: 0.5 }, costs, measure)).rejects.toMatchObject({
      failure: { code: 'budget-unreachable', message: expect.stringContaining('0.810') },
    })
  })
})
