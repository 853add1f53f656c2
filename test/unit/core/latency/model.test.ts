import { describe, expect, it } from 'vitest'
import { judge, line } from '../../../../src-main/core/latency/judge'
import { fitModel } from '../../../../src-main/core/latency/model'
import { buildTable } from '../../../../src-main/core/latency/staircase'
import { planTable } from '../../../../src-main/core/latency/table'
import { planKinds, plansOf } from '../../../../src-main/core/methods/plan-kinds'
import type { Widths } from '../../../../src-main/core/ports'
import { createRandom } from '../../../../src-main/core/statistics/random'
import { median } from '../../../../src-main/core/statistics/robust'
import { createWorld } from '../methods/synthetic-world'

const world = createWorld({ noise: 0, absorbed: 0 })
const points = planTable(world.groups, {
  grid: ({ channels }) => Array.from({ length: channels - 1 }, (_, i) => i + 1),
})

/** What the table cannot know: savings overlap, and every width that is no multiple of 4 loses a fusion. */
const truth = (widths: Widths): number => {
  const saving = 1 - world.ratio(widths)
  const odd = Object.values(widths).filter((kept) => kept % 4 !== 0).length / world.groups.length
  return 1 - 0.9 * saving + 0.15 * saving * saving + 0.02 * odd
}

async function table() {
  const measured = await world.oracle.measure(points.map(({ widths }) => widths))
  return buildTable(
    world.groups,
    points.map((point, i) => ({ point, measurement: measured[i]! })),
  )
}

function plans(seed: number, count: number): Widths[] {
  const taken = new Set<string>()
  return planKinds.flatMap((kind) =>
    plansOf(kind, count, { groups: world.groups, predict: world.ratio, random: createRandom(seed) }, taken).map(
      ({ widths }) => widths,
    ),
  )
}

describe('fitModel', () => {
  it('learns from whole networks what the table cannot say, and owns up to what it does not know', async () => {
    const random = createRandom(11)
    const seen = plans(1, 10).map((widths) => ({ widths, ratio: truth(widths) + 0.003 * random.normal() }))
    // Disturbed measurements must not bend it.
    seen[5] = { widths: seen[5]!.widths, ratio: seen[5]!.ratio * 1.3 }
    const [bare, model] = [fitModel(await table(), []), fitModel(await table(), seen)]
    const unseen = plans(2, 20)
    const measured = unseen.map(truth)
    const error = (of: typeof model) =>
      judge(
        unseen.map((widths) => of.predict(widths)),
        measured,
      ).mape
    expect(error(model)).toBeLessThan(0.006)
    expect(error(model)).toBeLessThan(error(bare) / 3)
    expect(model.predict({})).toBe(1)
    const inside = unseen.filter((widths, i) => {
      const { low, high } = model.interval(widths)
      return low <= measured[i]! && measured[i]! <= high
    })
    expect(inside.length / unseen.length).toBeGreaterThan(0.9)
    const reach = unseen.map((widths) => model.interval(widths)).map(({ low, high }) => high - low)
    expect(median(reach)).toBeLessThan(0.06)
  })
})

describe('plansOf', () => {
  it('draws distinct plans of each kind', () => {
    const taken = new Set<string>()
    const draw = (kind: (typeof planKinds)[number]) =>
      plansOf(kind, 8, { groups: world.groups, predict: world.ratio, random: createRandom(4) }, taken)
    const [uniform, eights, removed, optimised] = planKinds.map(draw)
    expect(taken.size).toBe(32)
    expect(uniform!.some(({ widths }) => Object.values(widths).some((kept) => kept % 2 === 1))).toBe(true)
    for (const { widths } of eights!)
      for (const [id, kept] of Object.entries(widths))
        expect(kept % Math.min(8, world.groups.find((group) => group.id === id)!.channels)).toBe(0)
    for (const { widths } of removed!) expect(Object.values(widths)).toContain(0)
    for (const { widths } of optimised!) expect(world.ratio(widths)).toBeLessThan(1)
  })
})

describe('judge', () => {
  it('reports relative errors and ranks', () => {
    expect(judge([1.1, 2], [1, 2])).toMatchObject({ mape: expect.closeTo(0.05, 10) as number, spearman: 1 })
    expect(line([0, 1, 2], [1, 3, 5])(4)).toBeCloseTo(9, 12)
    expect(line([], [])(0.4)).toBe(0.4)
    expect(() => judge([], [])).toThrow(RangeError)
  })
})
