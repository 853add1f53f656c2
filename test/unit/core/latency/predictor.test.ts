import { describe, expect, it } from 'vitest'
import { createPredictor } from '../../../../src-main/core/latency/predictor'
import { buildTable } from '../../../../src-main/core/latency/staircase'
import { type LatencyTable, planTable } from '../../../../src-main/core/latency/table'
import type { Widths } from '../../../../src-main/core/ports'
import { createRandom } from '../../../../src-main/core/statistics/random'
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

  it('knows by MACs that halving both sides of a layer does not remove it', () => {
    const groups = ['a', 'b'].map((id) => ({ id, channels: 4, signature: id, removable: false }))
    const macs = (w: Widths): number => ((w['a'] ?? 4) * (w['b'] ?? 4)) / 16
    const measured = planTable(groups).map((point) => ({
      point,
      measurement: { ratio: macs(point.widths), median: 1, mad: 0 },
    }))
    const table = buildTable(groups, measured, { macs })
    expect(createPredictor(table, macs).predict({ a: 2, b: 2 })).toBeCloseTo(0.25, 10)
    expect(createPredictor(table).predict({ a: 2, b: 2 })).toBe(0.01)
  })

  it('lets a width that a kernel rounds up save nothing, whatever the other side of the layer is', () => {
    const groups = ['a', 'b'].map((id) => ({ id, channels: 8, signature: id, removable: false }))
    const macs = (w: Widths): number => ((w['a'] ?? 8) * (w['b'] ?? 8)) / 64
    const blocks = (kept = 8): number => Math.ceil(kept / 4) * 4
    const truth = (w: Widths): number => (blocks(w['a']) * blocks(w['b'])) / 64
    const measured = planTable(groups).map((point) => ({
      point,
      measurement: { ratio: truth(point.widths), median: 1, mad: 0 },
    }))
    const predictor = createPredictor(buildTable(groups, measured, { macs }), macs)
    expect(predictor.predict({ a: 6, b: 4 })).toBeCloseTo(truth({ a: 6, b: 4 }), 10)
  })

  it('counts the layers of a removed branch once, where a stream that they read is narrower too', () => {
    const groups = [
      { id: 'stream', channels: 4, signature: 'stream', removable: false },
      { id: 'inner', channels: 4, signature: 'inner', removable: true, branch: 'block' },
    ]
    // A layer of the stream alone, and two between it and the branch.
    const macs = ({ stream = 4, inner = 4 }: Widths): number => (stream * (4 + 2 * inner)) / 48
    const measured = planTable(groups).map((point) => ({
      point,
      measurement: { ratio: macs(point.widths), median: 1, mad: 0 },
    }))
    const predictor = createPredictor(buildTable(groups, measured, { macs }), macs)
    const plan = { stream: 2, inner: 0 }
    expect(predictor.predict(plan)).toBeCloseTo(macs(plan), 10)
    expect(predictor.predict({ stream: 3, inner: 2 })).toBeCloseTo(macs({ stream: 3, inner: 2 }), 10)
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
    expect(createPredictor(table).predict({ a: 0, b: 0 })).toBeCloseTo(0.6, 12)
    expect(createPredictor(table).predict({ a: 0, b: 2 })).toBeCloseTo(0.6, 12)
    expect(createPredictor(table).predict({ a: 2, b: 2 })).toBeCloseTo(0.6, 12)
  })
})
