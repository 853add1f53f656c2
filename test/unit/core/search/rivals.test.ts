import { describe, expect, it } from 'vitest'
import { fits } from '../../../../src-main/core/search/budget'
import { BeeColony } from '../../../../src-main/core/search/bee-colony'
import { DifferentialEvolution } from '../../../../src-main/core/search/differential-evolution'
import { knapsack } from '../../../../src-main/core/search/knapsack'
import { LocalSearch } from '../../../../src-main/core/search/local-search'
import { NetAdapt } from '../../../../src-main/core/search/net-adapt'
import { RandomSearch } from '../../../../src-main/core/search/random-search'
import type { Problem } from '../../../../src-main/core/search/repair'
import type { Searcher, SearcherState } from '../../../../src-main/core/search/searcher'
import { widthsOf } from '../../../../src-main/core/search/space'
import { uniformPlans, UniformSearch, uniformWidths } from '../../../../src-main/core/search/uniform'
import { createRandom } from '../../../../src-main/core/statistics/random'
import { createWorld } from '../methods/synthetic-world'
import { expectToContinue, problemOf, run } from './problems'

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

describe('uniform with removals', () => {
  it('removes the branches that lose least for what they save, one more each time', () => {
    const world = createWorld()
    const problem = problemOf(world, { macs: 0.4 })
    const options = { removals: true, roundings: [8] }
    const search = new UniformSearch(problem, world.groups, 30, createRandom(1), options)
    const batch = search.ask()
    const removed = batch.map(({ widths }) => Object.keys(widths).filter((id) => widths[id] === 0))
    expect(removed.length).toBeGreaterThan(2)
    removed.forEach((ids, i) => {
      expect(ids.length).toBeGreaterThanOrEqual(i === 0 ? 0 : removed[i - 1]!.length)
      for (const id of removed[Math.max(0, i - 1)]!) expect(ids).toContain(id)
    })
    for (const { widths } of batch) {
      expect(fits(problem.costs, problem.budget, widths)).toBe(true)
      for (const kept of Object.values(widths)) expect(kept % 8).toBe(0)
    }
  })
})

describe('RandomSearch', () => {
  it('spends what it may, and continues from its saved state', () => {
    const world = createWorld()
    const problem = problemOf(world, { latency: 0.6 })
    const make = (seed: number, state?: SearcherState) =>
      new RandomSearch(problem, { evaluations: 40 }, createRandom(seed), state)
    const search = make(8)
    run(search, world.loss)
    expect(search.archive.evaluations).toBe(40)
    expectToContinue(make, world.loss, [
      [1, false],
      [1, true],
    ])
  })
})

type Make = (problem: Problem, seed: number, state?: SearcherState) => Searcher

const evaluations = 100
const rivals: Record<string, Make> = {
  abc: (problem, seed, state) => new BeeColony(problem, { evaluations }, createRandom(seed), state),
  de: (problem, seed, state) => new DifferentialEvolution(problem, { evaluations }, createRandom(seed), state),
  knapsack: (problem, seed, state) => new LocalSearch(problem, { evaluations }, createRandom(seed), state),
  netadapt: (problem, seed, state) => new NetAdapt(problem, { evaluations }, createRandom(seed), state),
}

describe.each(Object.entries(rivals))('%s', (method, make) => {
  it('finds better plans than random search in most worlds', () => {
    let wins = 0
    for (let seed = 1; seed <= 8; seed++) {
      const world = createWorld({ seed, interaction: 2 })
      const problem = problemOf(world, { latency: 0.6 })
      const searcher = make(problem, seed)
      expect(searcher.method).toBe(method)
      if (run(searcher, world.loss) < run(new RandomSearch(problem, { evaluations }, createRandom(seed)), world.loss))
        wins++
    }
    expect(wins).toBeGreaterThanOrEqual(7)
  })

  it('spends no more than it may, and keeps only distinct plans on the budget', () => {
    const world = createWorld()
    const problem = problemOf(world, { latency: 0.6 })
    const keys = new Set<string>()
    let asked = 0
    const searcher = make(problem, 3)
    run(searcher, (widths) => {
      asked++
      keys.add(JSON.stringify(Object.entries(widths).sort()))
      return world.loss(widths)
    })
    expect(asked).toBeLessThanOrEqual(evaluations)
    expect(keys.size).toBe(asked)
    expect(searcher.archive.evaluations).toBeGreaterThan(0)
    for (const { widths } of searcher.archive.state()) expect(fits(problem.costs, problem.budget, widths)).toBe(true)
  })

  it('continues from its saved state, between ask and tell too', () => {
    const world = createWorld()
    const problem = problemOf(world, { latency: 0.6 })
    expectToContinue((seed, state) => make(problem, seed, state), world.loss, [
      [1, false],
      [2, true],
      [3, true],
    ])
  })

  it('survives failed candidates, and ends when a small space is exhausted', () => {
    const world = createWorld({ blocks: 1 })
    const problem = problemOf(world, { latency: 0.8 })
    let n = 0
    const searcher = make(problem, 3)
    run(searcher, (widths) => (n++ % 3 === 1 ? Number.NaN : world.loss(widths)))
    expect(searcher.done).toBe(true)
    expect(searcher.archive.evaluations).toBeLessThan(evaluations)
    expect(searcher.archive.best(1)[0]!.fitness).toBeLessThan(Number.MAX_VALUE)
  })
})

describe('LocalSearch', () => {
  it("starts at the knapsack's plan", () => {
    const world = createWorld({ seed: 4 })
    const problem = problemOf(world, { latency: 0.6 })
    const [first] = new LocalSearch(problem, { evaluations: 10 }, createRandom(1)).ask()
    expect(first!.widths).toEqual(widthsOf(problem.space, knapsack(problem)))
  })
})

describe('NetAdapt', () => {
  it('narrows one dimension a step, that which loses least per cost saved', () => {
    const world = createWorld({ seed: 2 })
    const problem = problemOf(world, { latency: 0.6 })
    const searcher = new NetAdapt(problem, { evaluations: 200 }, createRandom(1))
    let levels = problem.space.dimensions.map(() => 0)
    for (let step = 0; step < 3; step++) {
      const batch = searcher.ask()
      const before = world.loss(widthsOf(problem.space, levels))
      const fitness = batch.map(({ widths }) => world.loss(widths))
      const base = problem.costs.cost('latency', widthsOf(problem.space, levels))
      const prices = batch.map(({ widths }, i) => {
        return (fitness[i]! - (step === 0 ? 0 : before)) / (base - problem.costs.cost('latency', widths))
      })
      searcher.tell(fitness)
      const next = (searcher.state().inner as { levels: number[] }).levels
      expect(next.filter((level, d) => level !== levels[d])).toHaveLength(1)
      expect(widthsOf(problem.space, next)).toEqual(batch[prices.indexOf(Math.min(...prices))]!.widths)
      levels = next
    }
  })
})
