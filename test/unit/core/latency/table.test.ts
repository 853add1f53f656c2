import { describe, expect, it } from 'vitest'
import { buildTable, ratioAt } from '../../../../src-main/core/latency/staircase'
import { type LatencyGroup, planTable, widthGrid } from '../../../../src-main/core/latency/table'
import { createWorld } from '../methods/synthetic-world'

const group = (id: string, channels: number, more: Partial<LatencyGroup> = {}): LatencyGroup => ({
  id,
  channels,
  signature: `${channels}`,
  removable: false,
  ...more,
})

describe('planTable', () => {
  it('measures sixteenths, never 0 or the original', () => {
    expect(widthGrid(64)).toEqual([4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 60])
    expect(widthGrid(8)).toEqual([1, 2, 3, 4, 5, 6, 7])
    expect(widthGrid(64, 4, 2)).toEqual([16, 21, 32, 43, 48])
    expect(widthGrid(1)).toEqual([])
  })

  it('prunes groups of one signature together, and removes only what may be removed', () => {
    const points = planTable([group('a', 8), group('b', 8, { removable: true }), group('c', 4)])
    expect(points.filter((p) => p.signature === '8' && p.kept > 0)).toHaveLength(7)
    expect(points[0]).toEqual({ members: ['a', 'b'], signature: '8', kept: 1, widths: { a: 1, b: 1 } })
    expect(points.filter((p) => p.kept === 0)).toEqual([{ members: ['b'], signature: '8', kept: 0, widths: { b: 0 } }])
  })

  it('removes a branch of several groups as a whole', () => {
    const inner = { removable: true, branch: 'block1' }
    const points = planTable([group('a', 4, inner), group('b', 8, inner)], { together: false })
    expect(points.filter((p) => p.kept === 0)).toEqual([
      { members: ['block1'], signature: '4 + 8', kept: 0, widths: { a: 0, b: 0 } },
    ])
  })

  it('refuses one signature for two shapes', () => {
    expect(() => planTable([group('a', 8), group('b', 9, { signature: '8' })])).toThrow(/a \(8 channels\) and b \(9/)
  })
})

describe('buildTable', () => {
  it('recovers the hidden staircase and its steps through noise', async () => {
    const world = createWorld({ noise: 0.004, absorbed: 0 })
    const points = planTable(world.groups)
    const measurements = await world.oracle.measure(points.map((point) => point.widths))
    const table = buildTable(
      world.groups,
      points.map((point, i) => ({ point, measurement: measurements[i]! })),
    )
    const stairs = table.staircases['stage2']!
    // One step per 8 channels, between 8k + 4 and 8k; none inside a tread.
    expect(stairs.steps.map((step) => step.to)).toEqual([56, 48, 40, 32, 24, 16, 8])
    for (const point of stairs.points) {
      const id = point.kept === 0 ? 'layer3.1' : 'layer3.0'
      expect(Math.abs(point.ratio - world.ratio({ [id]: point.kept }))).toBeLessThan(0.004)
    }
    expect(table.removals['layer3.1']).toBe(stairs.points[0]!.ratio)
    expect(table.removals['layer3.0']).toBeUndefined()
    expect(JSON.parse(JSON.stringify(table))).toEqual(table)
  })

  it('shares a saving out by MACs where groups overlap', () => {
    // Two neighbours, 4 × 4: halving both leaves a quarter of the layer between them.
    const groups = [group('a', 4), group('b', 4)]
    const macs = (w: Readonly<Record<string, number>>): number => ((w['a'] ?? 4) * (w['b'] ?? 4)) / 16
    const point = planTable(groups).find((p) => p.kept === 2)!
    const table = buildTable(groups, [{ point, measurement: { ratio: 0.25, median: 1, mad: 0 } }], { macs })
    expect(ratioAt(table.staircases['4']!, 2)).toBeCloseTo(0.5, 12)
  })
})

describe('ratioAt', () => {
  const points = [4, 5, 8, 9, 12, 16].map((kept) => ({ kept, ratio: kept / 100 + (kept % 2), noise: 0 }))
  const stairs = { channels: 16, points, steps: [] }

  it('interpolates between widths of the same parity', () => {
    expect(ratioAt(stairs, 10)).toBeCloseTo(0.1, 12)
    expect(ratioAt(stairs, 7)).toBeCloseTo(1.07, 12)
    expect(ratioAt(stairs, 2)).toBeCloseTo(0.04, 12)
  })
})
