import { expect, it } from 'vitest'
import { buildTable, ratioAt } from '../../../../src-main/core/latency/staircase'
import { planTable } from '../../../../src-main/core/latency/table'
import type { Widths } from '../../../../src-main/core/ports'
import { createRandom } from '../../../../src-main/core/statistics/random'

it('reads a lone group by what its kin show when its own points are noise, and by its own when they are clear', () => {
  const kin = Array.from({ length: 9 }, (_, i) => ({ id: `k${i}`, channels: 16, signature: 'kin', removable: false }))
  const groups = [...kin, { id: 'lone', channels: 16, signature: 'lone', removable: false }]
  // Steps of 8; the lone group saves half of what one of its kin does, in MACs and in time.
  const saving = (widths: Widths, part: number): number =>
    groups.reduce((sum, { id }) => {
      const blocks = Math.ceil((widths[id] ?? 16) / 8)
      return sum + part * (id === 'lone' ? 0.5 : 1) * (1 - blocks / 2)
    }, 0)
  const macs = (widths: Widths): number =>
    1 - groups.reduce((sum, { id }) => sum + 0.09 * (id === 'lone' ? 0.5 : 1) * (1 - (widths[id] ?? 16) / 16), 0)
  const error = (noise: number, lone: number): number => {
    const random = createRandom(5)
    const measured = planTable(groups).map((point) => {
      const own = point.signature === 'lone' ? lone : 1
      const ratio = 1 - own * saving(point.widths, 0.09) + noise * random.normal()
      return { point, measurement: { ratio, median: ratio, mad: noise / 1.4826 } }
    })
    const { staircases } = buildTable(groups, measured, { macs })
    return Math.abs(ratioAt(staircases['lone']!, 4) - (1 - lone * saving({ lone: 4 }, 0.09)))
  }
  expect(error(0.02, 1)).toBeLessThan(0.006)
  // A lone group unlike its kin is believed when it is measured well.
  expect(error(0.0005, 2)).toBeLessThan(0.004)
})
