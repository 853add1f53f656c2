import { describe, expect, it } from 'vitest'
import { fits } from '../../../../src-main/core/search/budget'
import { RandomSearch } from '../../../../src-main/core/search/random-search'
import type { SearcherState } from '../../../../src-main/core/search/searcher'
import { uniformPlans, UniformSearch, uniformWidths } from '../../../../src-main/core/search/uniform'
import { createRandom } from '../../../../src-main/core/statistics/random'
import { createWorld } from '../methods/synthetic-world'
import { problemOf, run } from './problems'

describe('uniform', () => {
  it('rounds to multiples, never below one nor above the original', () => {
    const groups = [
      { id: 'a', channels: 16 },
      { id: 'b', channels: 60 },
    ]
    expect(uniformWidths(groups, 0.5, 1)).toEqual({ a: 8, b: 30 })
    expect(uniformWidths(groups, 0.3, 8)).toEqual({ a: 8, b: 16 })
    expect(uniformWidths(groups, 0.01, 16)).toEqual({ b: 16 })
    expect(uniformWidths(groups, 0.99, 16)).toEqual({})
  })

  it('takes the widest ratio that fits, per rounding', () => {
    const world = createWorld()
    const { costs, budget } = problemOf(world, { macs: 0.4 })
    const plans = uniformPlans(world.groups, costs, budget)
    expect(plans.map(({ round }) => round)).toEqual([1, 8])
    for (const { keep, round, widths } of plans) {
      expect(fits(costs, budget, widths)).toBe(true)
      expect(fits(costs, budget, uniformWidths(world.groups, keep + 0.01, round))).toBe(false)
    }
  })

  it('is a searcher of one batch', () => {
    const world = createWorld()
    const search = new UniformSearch(problemOf(world, { macs: 0.4 }), world.groups, 10, createRandom(1))
    expect(run(search, world.loss)).toBeGreaterThan(0)
    expect(search.archive.evaluations).toBe(2)
    expect(search.ask()).toEqual([])
  })
})

describe('RandomSearch', () => {
  it('continues from its saved state', () => {
    const world = createWorld()
    const problem = problemOf(world, { latency: 0.6 })
    const whole = new RandomSearch(problem, { evaluations: 40 }, createRandom(8))
    run(whole, world.loss)
    expect(whole.archive.evaluations).toBe(40)
    const first = new RandomSearch(problem, { evaluations: 40 }, createRandom(8))
    first.tell(first.ask().map(({ widths }) => world.loss(widths)))
    const saved = JSON.parse(JSON.stringify(first.state())) as SearcherState
    const second = new RandomSearch(problem, { evaluations: 40 }, createRandom(0), saved)
    run(second, world.loss)
    expect(second.state()).toEqual(whole.state())
  })
})
