import { describe, expect, it } from 'vitest'
import { findGroups } from '../../../../src-main/core/coupling/groups'
import { NetworkBuilder } from '../../../../src-main/core/graph/builder'
import type { AttributeValue, Network } from '../../../../src-main/core/graph/network'
import {
  criteria,
  groupsWithoutVotes,
  plainOptions,
  scoreUnits,
  type CriterionOptions,
} from '../../../../src-main/core/pruning/criteria'
import { createRandom } from '../../../../src-main/core/statistics/random'

/** Layers whose weights are written out. */
class Layers extends NetworkBuilder {
  constructor() {
    super(createRandom(0))
  }

  layer(
    op: string,
    name: string,
    input: string,
    shape: number[],
    weights: number[],
    attributes: Record<string, AttributeValue> = {},
  ): string {
    return this.node(op, name, [input, this.constant(`${name}.weight`, shape, Float32Array.from(weights))], attributes)
  }

  pointwise(name: string, input: string, filters: number[][]): string {
    const shape = [filters.length, filters[0]!.length, 1, 1]
    return this.layer('Conv', name, input, shape, filters.flat(), { kernel_shape: [1, 1] })
  }

  norm(name: string, input: string, gamma: number[]): string {
    const out = this.batchNorm(name, input, gamma.length)
    this.constant(`${name}.weight`, [gamma.length], Float32Array.from(gamma))
    return out
  }

  /** Ends in a layer of two outputs that nothing may cut. */
  head(input: string, channels: number): Network {
    const pooled = this.node('Flatten', 'flatten', [this.node('GlobalAveragePool', 'pool', [input])], { axis: 1 })
    return this.finish('n', [1, 2, 2], this.dense('fc', pooled, channels, 2), 2)
  }
}

function scores(network: Network, id: string, criterion: string, options: Partial<CriterionOptions> = {}): number[] {
  const { groups } = findGroups(network)
  const group = groups.find((candidate) => candidate.id === id)
  expect(group?.prunable, id).toBe(true)
  return Array.from(scoreUnits(network, group!, criterion, { ...plainOptions, ...options }))
}

function expectScores(got: readonly number[], wanted: readonly number[]): void {
  expect(got).toHaveLength(wanted.length)
  wanted.forEach((value, i) => expect(got[i]).toBeCloseTo(value, 6))
}

/** conv1: three filters of 1×2 pixels; conv2 reads them. */
function chain(): Network {
  const b = new Layers()
  const x = b.layer('Conv', 'conv1', 'input', [3, 1, 1, 2], [1, -1, 3, 4, 0, 2], { kernel_shape: [1, 2] })
  const y = b.pointwise('conv2', b.node('Relu', 'relu', [x]), [
    [1, 2, 3],
    [-1, 0, 5],
  ])
  return b.head(y, 2)
}

describe('criteria over weights', () => {
  it('L1: sums of absolute weights, 2 7 2, scaled to mean 1', () => {
    expectScores(scores(chain(), 'conv1', 'l1'), [6 / 11, 21 / 11, 6 / 11])
  })

  it('L2: norms √2 5 2', () => {
    const mean = (Math.SQRT2 + 5 + 2) / 3
    expectScores(scores(chain(), 'conv1', 'l2'), [Math.SQRT2 / mean, 5 / mean, 2 / mean])
  })

  it('FPGM: sums of distances √29 √10 √13 between the filters', () => {
    const [a, b, c] = [29, 10, 13].map(Math.sqrt) as [number, number, number]
    const mean = (2 * (a + b + c)) / 3
    expectScores(scores(chain(), 'conv1', 'fpgm'), [(a + b) / mean, (a + c) / mean, (b + c) / mean])
  })

  it('the next layer counts as one more member: |1|+|−1|, 2+0, 3+5', () => {
    const own = [6 / 11, 21 / 11, 6 / 11]
    const next = [2 / 4, 2 / 4, 8 / 4]
    expectScores(
      scores(chain(), 'conv1', 'l1', { nextLayer: true }),
      own.map((value, i) => (value + next[i]!) / 2),
    )
  })

  it('coupled layers have equal votes, however large their weights', () => {
    const b = new Layers()
    const x = b.pointwise('stem', 'input', [[1], [3]])
    const y = b.pointwise('inner', b.node('Relu', 'r1', [x]), [[1, 1]])
    const z = b.pointwise('outer', b.node('Relu', 'r2', [y]), [[900], [100]])
    const network = b.head(b.node('Relu', 'r3', [b.node('Add', 'add', [x, z])]), 2)
    // stem: 0.5 1.5; outer: 1.8 0.2.
    expectScores(scores(network, 'stem', 'l1'), [1.15, 0.85])
  })

  it('Concat: the reader votes with the slots at the offset', () => {
    const b = new Layers()
    const left = b.pointwise('left', 'input', [[7], [7]])
    const right = b.pointwise('right', 'input', [[1], [1]])
    const joined = b.node('Concat', 'cat', [left, right], { axis: 1 })
    const network = b.head(b.pointwise('mix', joined, [[1, 3, 3, 5]]), 1)
    expectScores(scores(network, 'right', 'l1', { nextLayer: true }), [(1 + 0.75) / 2, (1 + 1.25) / 2])
    expectScores(scores(network, 'left', 'l1', { nextLayer: true }), [(1 + 0.5) / 2, (1 + 1.5) / 2])
  })

  it('Flatten: the positions of one channel are added up', () => {
    const b = new Layers()
    const x = b.pointwise('conv1', 'input', [[1], [1]])
    const flat = b.node('Flatten', 'flatten', [x], { axis: 1 })
    const y = b.layer('Gemm', 'fc', flat, [1, 8], [1, 1, -1, 1, 4, 0, -4, 4], { transB: 1 })
    // 4 and 12 of mean 8.
    expectScores(scores(b.finish('n', [1, 2, 2], y, 1), 'conv1', 'l1', { nextLayer: true }), [0.75, 1.25])
  })

  it('ConvTranspose: filters on axis 1, inputs on axis 0', () => {
    const b = new Layers()
    const x = b.pointwise('conv1', 'input', [[1], [1]])
    const y = b.layer('ConvTranspose', 'up', x, [2, 3, 1, 1], [1, 2, 3, -4, 0, 2], { kernel_shape: [1, 1] })
    const network = b.head(y, 3)
    expectScores(scores(network, 'up', 'l1'), [5 / 4, 2 / 4, 5 / 4])
    expectScores(scores(network, 'conv1', 'l1', { nextLayer: true }), [1, 1])
  })

  it('MatMul: filters are columns, inputs rows; Gemm without transB likewise', () => {
    for (const op of ['MatMul', 'Gemm']) {
      const b = new Layers()
      const flat = b.node('Flatten', 'flatten', ['input'], { axis: 1 })
      const x = b.layer(op, 'one', flat, [4, 2], [1, 0, 1, 0, 1, 0, 0, 1])
      const y = b.layer(op, 'two', b.node('Relu', 'relu', [x]), [2, 2], [1, 1, 1, 5])
      const network = b.finish('n', [1, 2, 2], y, 2)
      expectScores(scores(network, 'one', 'l1'), [1.5, 0.5])
      expectScores(scores(network, 'one', 'l1', { nextLayer: true }), [(1.5 + 0.5) / 2, (0.5 + 1.5) / 2])
    }
  })

  it('a unit of a grouped convolution is the sum of its channels', () => {
    const b = new Layers()
    const x = b.pointwise('conv1', 'input', [[1], [2], [3], [4]])
    const y = b.layer('Conv', 'pair', x, [2, 2, 1, 1], [1, 1, 1, 1], { kernel_shape: [1, 1], group: 2 })
    // Channel c goes with c + 2: 4 and 6.
    expectScores(scores(b.head(y, 2), 'conv1', 'l1'), [0.8, 1.2])
  })

  it('a grouped weight is read group by group: its readers 4+1 0+3, a transposed one 4+2 2+3', () => {
    const b = new Layers()
    const x = b.pointwise('conv1', 'input', [[1], [2], [3], [4]])
    const y = b.layer('Conv', 'pair', x, [2, 2, 1, 1], [4, 0, 1, 3], { kernel_shape: [1, 1], group: 2 })
    expectScores(scores(b.head(y, 2), 'conv1', 'l1', { nextLayer: true }), [(0.8 + 1.25) / 2, (1.2 + 0.75) / 2])
    const c = new Layers()
    const filters = [1, 2, 3, 0, 0, 1, 2, 2]
    const z = c.pointwise('conv1', 'input', [[1], [2], [3], [4]])
    const up = c.layer('ConvTranspose', 'up', z, [4, 2, 1, 1], filters, { kernel_shape: [1, 1], group: 2 })
    expectScores(scores(c.head(up, 4), 'up', 'l1'), [12 / 11, 10 / 11])
  })

  it('a layer of zeros votes for nobody', () => {
    const b = new Layers()
    const x = b.pointwise('conv1', 'input', [[0], [0]])
    expectScores(scores(b.head(b.pointwise('conv2', x, [[1, 1]]), 1), 'conv1', 'l2'), [0, 0])
  })
})

/** A stem and a branch, each with BN, added; the branch's inner group has none. */
function normed(): Network {
  const b = new Layers()
  const stem = b.norm('bn1', b.pointwise('stem', 'input', [[1], [1]]), [0.5, -2])
  const inner = b.pointwise('inner', b.node('Relu', 'r1', [stem]), [
    [3, 4],
    [0, 5],
    [6, 8],
  ])
  const outer = b.pointwise('outer', b.node('Relu', 'r2', [inner]), [
    [1, 1, 1],
    [1, 1, 1],
  ])
  const end = b.norm('bn2', outer, [1, 3])
  return b.head(b.node('Relu', 'r3', [b.node('Add', 'add', [stem, end])]), 2)
}

describe('criteria over BN and data', () => {
  it('BN scale: |γ| 0.5 2 and 1 3, each of mean 1, averaged', () => {
    expectScores(scores(normed(), 'stem', 'bn'), [(0.4 + 0.5) / 2, (1.6 + 1.5) / 2])
  })

  it('Taylor: losses are added up as they are', () => {
    const taylor = new Map([
      ['bn1', Float64Array.of(0.1, 0.2)],
      ['bn2', Float64Array.of(10, 0)],
    ])
    expectScores(scores(normed(), 'stem', 'taylor', { evidence: { taylor } }), [10.1, 0.2])
  })

  it('activation: the tensors that were looked at, each of mean 1', () => {
    const activation = new Map([
      ['bn1_out', Float64Array.of(1, 3)],
      ['r3_out', Float64Array.of(30, 10)],
    ])
    expectScores(scores(normed(), 'stem', 'activation', { evidence: { activation } }), [1, 1])
  })

  it('a group without BN is scored by L2, and named', () => {
    const network = normed()
    const evidence = { taylor: new Map([['bn1', Float64Array.of(1, 2)]]) }
    for (const criterion of ['bn', 'taylor'])
      expectScores(scores(network, 'inner', criterion, { evidence }), [5 / (20 / 3), 5 / (20 / 3), 10 / (20 / 3)])
    const groups = findGroups(network).groups.filter(({ prunable }) => prunable)
    expect(groupsWithoutVotes(network, groups, 'bn')).toEqual(['inner'])
    expect(groupsWithoutVotes(network, groups, 'l1')).toEqual([])
  })

  it('random: a draw of its own per group, the same for a seed', () => {
    const network = normed()
    const draw = (id: string, seed: number) => scores(network, id, 'random', { seed })
    expect(draw('inner', 1)).toEqual(draw('inner', 1))
    expect(draw('inner', 1)).not.toEqual(draw('inner', 2))
    expect(draw('inner', 1).slice(0, 2)).not.toEqual(draw('stem', 1))
    expect(new Set(draw('inner', 1)).size).toBe(3)
  })
})

describe('what it refuses', () => {
  it('an unknown criterion, naming the known ones', () => {
    expect(() => scores(chain(), 'conv1', 'l3')).toThrow('There is no importance criterion "l3".')
    expect(() => scores(chain(), 'conv1', 'constructor')).toThrow('There is no importance criterion "constructor".')
  })

  it.each(['taylor', 'activation'])('%s without data', (criterion) => {
    expect(() => scores(chain(), 'conv1', criterion)).toThrow(
      `The criterion "${criterion}" looks at data, and none was given.`,
    )
  })

  it('describes every criterion', () => {
    expect(Object.keys(criteria)).toEqual(['l1', 'l2', 'fpgm', 'bn', 'taylor', 'activation', 'random'])
    for (const { about } of Object.values(criteria)) expect(about).not.toBe('')
  })
})
