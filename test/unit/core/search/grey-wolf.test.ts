import { describe, expect, it } from 'vitest'
import { excess } from '../../../../src-main/core/search/budget'
import { GreyWolf } from '../../../../src-main/core/search/grey-wolf'
import { knapsack } from '../../../../src-main/core/search/knapsack'
import { RandomSearch } from '../../../../src-main/core/search/random-search'
import type { SearcherState } from '../../../../src-main/core/search/searcher'
import { widthsOf } from '../../../../src-main/core/search/space'
import { createRandom } from '../../../../src-main/core/statistics/random'
import { createWorld } from '../methods/synthetic-world'
import { expectToContinue, problemOf, run } from './problems'

const evaluations = 120

describe('GreyWolf', () => {
  it('beats random search at equal evaluations, informed repair or not, and its own seeds', () => {
    const wins = { plain: 0, informed: 0, seeds: 0 }
    for (let seed = 1; seed <= 12; seed++) {
      const world = createWorld({ seed, interaction: 2 })
      const problem = problemOf(world, { latency: 0.6 })
      const wolves = run(new GreyWolf(problem, { evaluations }, createRandom(seed)), world.loss)
      const random = (informed: boolean): number =>
        run(new RandomSearch(problem, { evaluations, informed }, createRandom(seed)), world.loss)
      if (wolves < random(false)) wins.plain++
      if (wolves < random(true)) wins.informed++
      if (wolves < world.loss(widthsOf(problem.space, knapsack(problem)))) wins.seeds++
    }
    expect(wins.plain).toBe(12)
    expect(wins.informed).toBeGreaterThanOrEqual(10)
    expect(wins.seeds).toBeGreaterThanOrEqual(8)
  })

  it('moves from bad seeds too: the pack improves by more than chance does', () => {
    let better = 0
    for (let seed = 1; seed <= 10; seed++) {
      const world = createWorld({ seed })
      const problem = problemOf(world, { latency: 0.6 })
      const wolves = new GreyWolf(problem, { evaluations, seeds: [], pack: 10 }, createRandom(seed))
      const random = new RandomSearch(problem, { evaluations }, createRandom(seed))
      if (run(wolves, world.loss) < run(random, world.loss)) better++
    }
    expect(better).toBeGreaterThanOrEqual(9)
  })

  it.each(['igwo', 'gwo'] as const)(
    'asks only for distinct plans on the budget, as many as allowed (%s)',
    (variant) => {
      const world = createWorld()
      const { space, costs, budget } = problemOf(world, { latency: 0.6 })
      const wolves = new GreyWolf({ space, costs, budget }, { evaluations, variant, pack: 7 }, createRandom(1))
      const keys = new Set<string>()
      let asked = 0
      run(wolves, (widths) => {
        asked++
        keys.add(JSON.stringify(Object.entries(widths).sort()))
        expect(excess(costs, budget, widths)).toBeLessThanOrEqual(0)
        return world.loss(widths)
      })
      expect([asked, keys.size, wolves.archive.evaluations]).toEqual([evaluations, evaluations, evaluations])
    },
  )

  it('continues from its saved state, between ask and tell too, as if nothing had happened', () => {
    const world = createWorld()
    const problem = problemOf(world, { latency: 0.6 })
    const make = (seed: number, state?: SearcherState) =>
      new GreyWolf(problem, { evaluations, pack: 8 }, createRandom(seed), state)
    expectToContinue(make, world.loss, [
      [1, false],
      [3, true],
      [5, false],
    ])
  })

  it('has three leaders when all fitness ties, and a leader is the best ever seen', () => {
    const world = createWorld()
    const problem = problemOf(world, { latency: 0.6 })
    const wolves = new GreyWolf(problem, { evaluations, pack: 6 }, createRandom(2))
    wolves.tell(wolves.ask().map(() => 1))
    expect(wolves.leaders()).toHaveLength(3)
    expect(new Set(wolves.leaders().map(({ key }) => key)).size).toBe(3)
    const plain = new GreyWolf(problem, { evaluations, pack: 6, variant: 'gwo' }, createRandom(2))
    plain.tell(plain.ask().map((_, i) => i))
    const best = plain.leaders()[0]
    plain.tell(plain.ask().map(() => 100))
    expect(plain.leaders()[0]).toEqual(best)
    const inner = plain.state().inner as { leaders: { key: string }[] }
    expect(inner.leaders[0]!.key).toBe(best!.key)
  })

  it('survives failed candidates and ends when a small space is exhausted', () => {
    const world = createWorld({ blocks: 1 })
    const problem = problemOf(world, { latency: 0.8 })
    const wolves = new GreyWolf(problem, { evaluations: 1000, pack: 6 }, createRandom(3))
    let n = 0
    run(wolves, (widths) => (n++ % 3 === 0 ? Number.NaN : world.loss(widths)))
    expect(wolves.archive.evaluations).toBeLessThan(1000)
    expect(Number.isFinite(wolves.archive.best(1)[0]!.fitness)).toBe(true)
  })

  it('refuses scores that do not match what it asked', () => {
    const problem = problemOf(createWorld(), { latency: 0.6 })
    const wolves = new GreyWolf(problem, { evaluations: 10 }, createRandom(1))
    const asked = wolves.ask()
    expect(wolves.ask()).toBe(asked)
    expect(() => wolves.tell([1])).toThrow(RangeError)
  })
})
