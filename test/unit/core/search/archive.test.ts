import { describe, expect, it } from 'vitest'
import { Archive, paretoFront, planKey } from '../../../../src-main/core/search/archive'

describe('archive', () => {
  it('names plans by content, whatever their order', () => {
    expect(planKey({ b: 1, a: 2 })).toBe(planKey({ a: 2, b: 1 }))
    expect(planKey({ a: 2 })).not.toBe(planKey({ a: 2, b: 1 }))
    expect(planKey({})).toBe('untouched')
  })

  it('counts distinct plans, and keeps the first score of each', () => {
    const archive = new Archive()
    archive.record({ a: 1 }, 5, 0.5)
    archive.record({ a: 1 }, 1, 0.5)
    archive.record({ a: 2 }, Number.NaN, 0.6)
    archive.record({ a: 3 }, 4, 0.7)
    archive.record({ a: 4 }, 6, 0.4)
    expect(archive.evaluations).toBe(4)
    expect(archive.history()).toEqual([
      { evaluation: 1, best: 5 },
      { evaluation: 3, best: 4 },
      { evaluation: 4, best: 4 },
    ])
    expect(archive.best(4).map(({ fitness }) => fitness)).toEqual([4, 5, 6, Number.MAX_VALUE])
    const copy = new Archive(JSON.parse(JSON.stringify(archive.state())))
    expect(copy.history()).toEqual(archive.history())
    expect(copy.front()).toEqual(archive.front())
  })

  it('breaks ties by who came first', () => {
    const archive = new Archive()
    for (const a of [3, 1, 2]) archive.record({ a }, 1, 0.5)
    expect(archive.best(3).map(({ widths }) => widths['a'])).toEqual([3, 1, 2])
  })

  it('draws the front of cost and fitness', () => {
    const plans = [
      { cost: 1, fitness: 0 },
      { cost: 0.6, fitness: 3 },
      { cost: 0.6, fitness: 2 },
      { cost: 0.8, fitness: 2 },
      { cost: 0.5, fitness: 7 },
    ]
    expect(paretoFront(plans)).toEqual([plans[0], plans[2], plans[4]])
  })
})
