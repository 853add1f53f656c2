import { describe, expect, it } from 'vitest'
import { calibrate, createPredictor, predict } from '../../../../src-main/core/latency/predictor'
import { buildTable } from '../../../../src-main/core/latency/staircase'
import { type LatencyTable, planTable } from '../../../../src-main/core/latency/table'
import type { Widths } from '../../../../src-main/core/ports'
import { createRandom } from '../../../../src-main/core/statistics/random'
import { quantile } from '../../../../src-main/core/statistics/robust'
import { createWorld, type World } from '../methods/synthetic-world'

async function tableOf(world: World): Promise<LatencyTable> {
  const points = planTable(world.groups)
  const measurements = await world.oracle.measure(points.map((point) => point.widths))
  return buildTable(
    world.groups,
    points.map((point, i) => ({ point, measurement: measurements[i]! })),
  )
}

function randomWidths(world: World, count: number, seed: number): Widths[] {
  const random = createRandom(seed)
  return Array.from({ length: count }, () =>
    Object.fromEntries(
      world.groups.map(({ id, channels, removable }) => {
        const kept = Math.round((channels * random.below(17)) / 16)
        return [id, kept === 0 && !removable ? channels : kept]
      }),
    ),
  )
}

describe('predictor', () => {
  it('adds up savings and leaves the untouched network at 1', async () => {
    const world = createWorld({ noise: 0, absorbed: 0 })
    const predictor = createPredictor(await tableOf(world))
    expect(predictor.predict({})).toBe(1)
    for (const widths of randomWidths(world, 20, 3)) {
      expect(predictor.predict(widths)).toBeCloseTo(world.ratio(widths), 10)
    }
  })

  it('recovers a known bias and stays exact for the untouched network', async () => {
    const world = createWorld({ noise: 0, absorbed: 0 })
    const table = await tableOf(world)
    const biased = (widths: Widths): number => 0.12 + 0.88 * world.ratio(widths)
    const plans = randomWidths(world, 12, 5).map((widths) => ({ widths, ratio: biased(widths) }))
    // One wild outlier must not bend it.
    plans[3] = { widths: plans[3]!.widths, ratio: plans[3]!.ratio + 0.4 }
    const calibrated = calibrate(table, plans)
    for (const widths of randomWidths(world, 20, 6)) {
      expect(Math.abs(predict(calibrated, widths) - biased(widths))).toBeLessThan(0.006)
      expect(Math.abs(predict(table, widths) - biased(widths))).toBeGreaterThan(0.015)
    }
    expect(predict(calibrated, {})).toBe(1)
  })

  it('halves the error on unseen plans where savings do not add up', async () => {
    const world = createWorld({ noise: 0.004, absorbed: 0.15 })
    const bend = (ratio: number): number => ratio + 0.2 * (1 - ratio) ** 2
    const table = await tableOf(world)
    const calibrated = calibrate(
      table,
      randomWidths(world, 8, 7).map((widths) => ({ widths, ratio: bend(world.ratio(widths)) })),
    )
    const error = (t: LatencyTable): number =>
      quantile(
        randomWidths(world, 50, 8).map((widths) => Math.abs(predict(t, widths) - bend(world.ratio(widths)))),
        0.9,
      )
    expect(error(calibrated)).toBeLessThan(0.5 * error(table))
    expect(calibrated.calibration.spread).toBeGreaterThan(0)
  })

  it('shrinks to no correction when a single plan is all it has', async () => {
    const world = createWorld({ noise: 0, absorbed: 0 })
    const table = await tableOf(world)
    const calibrated = calibrate(table, [])
    expect(calibrated).toBe(table)
    const one = calibrate(table, [{ widths: { 'layer1.0': 8 }, ratio: 0.99 }])
    expect(one.calibration.linear).toBeGreaterThan(0.7)
    expect(one.calibration.linear).toBeLessThan(1.3)
  })

  it('knows by MACs that halving both sides of a layer does not remove it', () => {
    const groups = ['a', 'b'].map((id) => ({ id, channels: 4, signature: id, removable: false }))
    const macs = (w: Widths): number => ((w['a'] ?? 4) * (w['b'] ?? 4)) / 16
    const measured = planTable(groups).map((point) => ({
      point,
      measurement: { ratio: macs(point.widths), median: 1, mad: 0 },
    }))
    const table = buildTable(groups, measured, { macs })
    expect(predict(table, { a: 2, b: 2 }, macs)).toBeCloseTo(0.25, 10)
    expect(predict(table, { a: 2, b: 2 })).toBe(0.01)
  })

  it('counts a removed branch once, whichever of its groups says so', () => {
    const inner = { channels: 4, removable: true, branch: 'block' }
    const groups = [
      { id: 'a', signature: 'a', ...inner },
      { id: 'b', signature: 'b', ...inner },
    ]
    const measured = planTable(groups).map((point) => ({
      point,
      measurement: { ratio: point.kept === 0 ? 0.6 : 0.8, median: 1, mad: 0 },
    }))
    const table = buildTable(groups, measured)
    expect(predict(table, { a: 0, b: 0 })).toBeCloseTo(0.6, 12)
    expect(predict(table, { a: 0, b: 2 })).toBeCloseTo(0.6, 12)
    expect(predict(table, { a: 2, b: 2 })).toBeCloseTo(0.6, 12)
  })
})
