import { describe, expect, it } from 'vitest'
import type { Widths } from '../../../../src-main/core/ports'
import {
  createSpace,
  decode,
  encode,
  levelsNear,
  lossOf,
  nonDominated,
  type SpaceGroup,
  widthsOf,
} from '../../../../src-main/core/search/space'
import { createRandom } from '../../../../src-main/core/statistics/random'
import { createWorld } from '../methods/synthetic-world'
import { problemOf } from './problems'

describe('nonDominated', () => {
  it('drops widths that a wider one is at least as fast as, from untouched to smallest', () => {
    const level = (kept: number, latency: number, loss: number) => ({ kept, costs: { latency }, loss })
    const levels = [level(64, 1, 0), level(63, 1.2, 0.1), level(56, 0.9, 0.2), level(60, 0.9, 0.1), level(0, 0.5, 0.9)]
    expect(nonDominated(levels).map(({ kept }) => kept)).toEqual([64, 60, 0])
  })

  it('keeps what is better in any budgeted cost', () => {
    const a = { kept: 64, costs: { latency: 1, macs: 1 }, loss: 0 }
    const b = { kept: 63, costs: { latency: 1.2, macs: 0.9 }, loss: 0.1 }
    expect(nonDominated([a, b])).toHaveLength(2)
  })

  it('keeps one of equals, the wider', () => {
    const twin = (kept: number) => ({ kept, costs: { latency: 1 }, loss: 0 })
    expect(nonDominated([twin(3), twin(4)])).toEqual([twin(4)])
  })
})

describe('space', () => {
  const { space } = problemOf(createWorld(), { latency: 0.6 })

  it('offers only the treads of the staircase, and removal where allowed', () => {
    expect(space.dimensions[8]!.levels.map(({ kept }) => kept)).toEqual([64, 56, 48, 40, 32, 24, 16, 8])
    expect(space.dimensions[9]!.levels.at(-1)!.kept).toBe(0)
    for (const { levels } of space.dimensions) expect(levels[0]).toMatchObject({ loss: 0, costs: { latency: 1 } })
  })

  it('decodes what it encoded, and keeps coordinates that already say so', () => {
    const random = createRandom(1)
    for (let i = 0; i < 50; i++) {
      const position = space.dimensions.map(() => random.next())
      const levels = decode(space, position)
      expect(decode(space, encode(space, levels))).toEqual(levels)
      expect(encode(space, levels, position)).toEqual(position)
      expect(levelsNear(space, widthsOf(space, levels))).toEqual(levels)
    }
    const ends = space.dimensions.map(({ levels }) => levels.length - 1)
    expect(
      decode(
        space,
        space.dimensions.map(() => 1),
      ),
    ).toEqual(ends)
  })

  it('gives a branch of several groups a dimension that masks its groups', () => {
    const inner = { channels: 4, removable: true, branch: 'block' }
    const groups: SpaceGroup[] = [
      { id: 'a', ...inner },
      { id: 'b', ...inner },
      { id: 'c', channels: 4, removable: true },
    ]
    const kept = (widths: Widths): number => groups.reduce((sum, { id }) => sum + (widths[id] ?? 4), 0) / 12
    const branched = createSpace({
      groups,
      candidates: () => [2],
      kinds: ['latency'],
      costs: { cost: (_, widths) => kept(widths) },
      loss: (widths) => 1 - kept(widths),
    })
    expect(branched.dimensions.map(({ id, levels }) => [id, levels.map((level) => level.kept)])).toEqual([
      ['block', [1, 0]],
      ['a', [4, 2]],
      ['b', [4, 2]],
      ['c', [4, 2, 0]],
    ])
    expect(branched.gates).toEqual([-1, 0, 0, -1])
    expect(widthsOf(branched, [0, 1, 0, 2])).toEqual({ a: 2, c: 0 })
    expect(widthsOf(branched, [1, 1, 0, 0])).toEqual({ a: 0, b: 0 })
    expect(lossOf(branched, [1, 1, 0, 0])).toBeCloseTo(8 / 12, 6)
    expect(levelsNear(branched, { a: 0, b: 0, c: 2 })).toEqual([1, 0, 0, 1])
  })
})
