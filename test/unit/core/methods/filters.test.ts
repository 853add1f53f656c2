import { describe, expect, it } from 'vitest'
import { findGroups } from '../../../../src-main/core/coupling/groups'
import { NetworkBuilder } from '../../../../src-main/core/graph/builder'
import type { Network } from '../../../../src-main/core/graph/network'
import { filterNorms, maskFactors, multiplied, nextMasks } from '../../../../src-main/core/methods/filters/masks'
import { filterSchedule, filterStep, prunedCount } from '../../../../src-main/core/methods/filters/schedule'
import { createRandom } from '../../../../src-main/core/statistics/random'

describe('the schedules, at epochs worked out by hand', () => {
  it.each([
    [25, 0.3],
    [50, 0.375],
    [100, 0.4 * (1 - 4 ** -4)],
    [190, 0.4],
    [199, 0.4],
  ])('ASFP: P = 0.4, T = 200, P_%i = %f', (epoch, rate) => {
    expect(filterStep(filterSchedule('asfp', 0.4, 200), epoch).rate).toBeCloseTo(rate, 12)
  })

  it.each([
    [0, 1 - 0.995 ** 3],
    [24, 1 - 0.875 ** 3],
    [49, 1 - 0.75 ** 3],
    [99, 0.875],
    [179, 0.999],
    [199, 1],
  ])('GHFP: T = 200, λ_%i = %f', (epoch, lambda) => {
    expect(filterStep(filterSchedule('ghfp', 0.4, 200), epoch).lambda).toBeCloseTo(lambda, 12)
  })

  // The author's log of ResNet-34 on ILSVRC, PGMPF: T = 100, α₀ = 1, σ = 1e-5.
  it.each([
    [9, 0.271, 0.3548],
    [24, 0.578, 0.0631],
    [49, 0.875, 0.0035],
  ])('softer and gradually hard: λ_%i = %f and α = %f', (epoch, lambda, alpha) => {
    const step = filterStep(filterSchedule('ghfp', 0.4, 100, { softness: 1 }), epoch)
    expect(step.lambda).toBeCloseTo(lambda, 3)
    expect(step.alpha).toBeCloseTo(alpha, 4)
  })

  it('SFP is soft and at its rate from the start, HFP hard; SRFP sets filters to zero from nine tenths on', () => {
    expect(filterStep(filterSchedule('sfp', 0.3, 10), 0)).toEqual({ rate: 0.3, alpha: 0, lambda: 0 })
    expect(filterStep(filterSchedule('hfp', 0.3, 10), 0)).toEqual({ rate: 0.3, alpha: 0, lambda: 1 })
    const softer = filterSchedule('srfp', 0.3, 200)
    expect(filterStep(softer, 0).alpha).toBe(1)
    expect(filterStep(softer, 179).alpha).toBeGreaterThan(0)
    expect(filterStep(softer, 180).alpha).toBe(0)
  })

  it.each(['sfp', 'asfp', 'srfp', 'asrfp', 'hfp', 'ghfp'] as const)('%s ends at its rate with nothing left', (name) => {
    for (const epochs of [1, 2, 3, 10]) {
      const step = filterStep(
        filterSchedule(name, 0.5, epochs, { hard: name === 'ghfp' ? 'cosine' : 'never' }),
        epochs - 1,
      )
      expect(step).toMatchObject({ rate: 0.5, alpha: 0 })
      if (name === 'ghfp') expect(step.lambda).toBe(1)
    }
  })

  it('counts as int(N·P), at least one filter left', () => {
    expect([prunedCount(10, 0.3), prunedCount(10, 1 - 0.9), prunedCount(16, 0.39), prunedCount(4, 1)]).toEqual([
      3, 1, 6, 3,
    ])
  })
})

/** One convolution of five 1×1 filters with the norms 5, 1, 4, 2, 3, BN, then a dense layer. */
function fiveFilters(): Network {
  const b = new NetworkBuilder(createRandom(1))
  const weight = b.constant('conv.weight', [5, 2, 1, 1], Float32Array.of(3, 4, 1, 0, 0, -4, 0, 2, 3, 0))
  const conv = b.node('Conv', 'conv', ['input', weight], { kernel_shape: [1, 1] })
  const x = b.node('Relu', 'relu', [b.batchNorm('bn', conv, 5)])
  const pooled = b.node('Flatten', 'flatten', [b.node('GlobalAveragePool', 'pool', [x])], { axis: 1 })
  return b.finish('five', [2, 4, 4], b.dense('fc', pooled, 5, 3), 3)
}

describe('the masks', () => {
  const network = fiveFilters()
  const [group] = findGroups(network).groups
  const groups = [group!]

  it('ranks filters by their Euclidean norm', () => {
    expect([...filterNorms(network, group!)]).toEqual([5, 1, 4, 2, 3])
    const masks = nextMasks(network, groups, { rate: 0.6, lambda: 0.5 })
    // int(5·0.6) = 3 of least norm, int(5·0.6·0.5) = 1 of them hard.
    expect(masks.get('conv')).toEqual({ soft: [1, 3, 4], hard: [1] })
  })

  it('prunes its own part of the rate in each group: as many as a search left over', () => {
    for (const kept of [1, 2, 3, 4]) {
      const masks = nextMasks(network, groups, { rate: 1, lambda: 1 }, undefined, { conv: 1 - kept / 5 })
      expect(masks.get('conv')!.hard).toHaveLength(5 - kept)
    }
    const half = nextMasks(network, groups, { rate: 0.5, lambda: 0 }, undefined, { conv: 0.8 })
    expect(half.get('conv')).toEqual({ soft: [1, 3], hard: [] })
  })

  it('keeps what is hard, even when another filter has less norm', () => {
    const masks = nextMasks(network, groups, { rate: 0.4, lambda: 0.5 }, new Map([['conv', { soft: [0], hard: [0] }]]))
    expect(masks.get('conv')).toEqual({ soft: [0, 1], hard: [0] })
  })

  it('multiplies soft filters by α, hard ones and their BN by 0, and nothing else', () => {
    const masks = new Map([['conv', { soft: [1, 3], hard: [1] }]])
    const next = multiplied(network, maskFactors(network, groups, masks, 0.5))
    const values = (name: string) => [...next.initializers.get(name)!.data]
    expect(values('conv.weight')).toEqual([3, 4, 0, 0, 0, -4, 0, 1, 3, 0])
    expect(values('bn.weight')).toEqual([1, 0, 1, 1, 1])
    expect(next.initializers.get('fc.weight')).toBe(network.initializers.get('fc.weight'))
    expect(next.initializers.get('bn.running_var')).toBe(network.initializers.get('bn.running_var'))
  })
})
