import { describe, expect, it } from 'vitest'
import { findBranches } from '../../../../src-main/core/coupling/branches'
import { findGroups } from '../../../../src-main/core/coupling/groups'
import { createResnet } from '../../../../src-main/core/graph/architectures'
import { NetworkBuilder } from '../../../../src-main/core/graph/builder'
import { applyPlan } from '../../../../src-main/core/pruning/surgery'
import { createRandom } from '../../../../src-main/core/statistics/random'
import { concatNetwork, flatteningNetwork } from '../../../fixtures/networks'

const resnet = findGroups(createResnet(20, 10, [3, 32, 32], 0))
const group = (coupling: typeof resnet, id: string) => coupling.groups.find((candidate) => candidate.id === id)!

describe('findGroups', () => {
  it('puts every inner width of a ResNet in a group of its own', () => {
    const inner = resnet.groups.filter((g) => g.prunable && !g.stream)
    expect(inner.map((g) => [g.id, g.channels])).toEqual(
      [16, 32, 64].flatMap((width, stage) => [0, 1, 2].map((block) => [`layer${stage + 1}.${block}.conv1`, width])),
    )
  })

  it('follows option-A shortcuts: channel c of a stage is channel c + pad of the next', () => {
    const stem = group(resnet, 'conv1')
    expect(stem.stream).toBe(true)
    const last = stem.members.find(({ tensor }) => tensor === 'layer3.2.relu2_out')!
    // 16 → 32 pads 8 in front, 32 → 64 another 16: the stem's channels sit at 24…39 of the last stage.
    expect(Array.from(last.units).flatMap((unit, c) => (unit >= 0 ? [c] : []))).toEqual(
      Array.from({ length: 16 }, (_, i) => i + 24),
    )
    expect(last.units[24]).toBe(0)
  })

  it('says why the output cannot be pruned', () => {
    expect(group(resnet, 'linear').why).toBe('feeds output `linear_out`')
  })

  it('gives a flattened channel its h·w neighbours', () => {
    const flat = group(findGroups(flatteningNetwork()), 'conv2').members.find(({ tensor }) => tensor === 'flatten_out')!
    expect(flat.units).toHaveLength(80)
    expect([flat.units[15], flat.units[16], flat.units[79]]).toEqual([0, 1, 4])
  })

  it('offsets concatenated channels and ties depthwise ones', () => {
    const coupling = findGroups(concatNetwork())
    const right = group(coupling, 'right')
    expect(right.members.map(({ tensor }) => tensor)).toEqual(['right_out', 'depthwise_out', 'concat_out'])
    expect(Array.from(right.members[2]!.units)).toEqual([-1, -1, -1, -1, 0, 1, 2, 3, 4, 5])
  })

  it('takes a channel shuffle as a permutation, which ties no channels', () => {
    const b = new NetworkBuilder(createRandom(0))
    const apart = b.node('Reshape', 'apart', [b.conv('a', 'input', 3, 6, 3), b.integers('wide', [-1, 2, 3, 4, 4])])
    const swapped = b.node('Transpose', 'swap', [apart], { perm: [0, 2, 1, 3, 4] })
    const shuffled = b.node('Reshape', 'together', [swapped, b.integers('back', [-1, 6, 4, 4])])
    const coupling = findGroups(b.finish('n', [3, 4, 4], b.conv('out', shuffled, 6, 2, 1), 2))
    const { members } = group(coupling, 'a')
    expect(members.map(({ tensor, units }) => [tensor, Array.from(units)])).toEqual([
      ['a_out', [0, 1, 2, 3, 4, 5]],
      ['together_out', [0, 3, 1, 4, 2, 5]],
    ])
    const widths = (keep: number[]) =>
      applyPlan(coupling, [], new Map([['a', keep]]))
        .nodes.map(({ op }) => op)
        .join(' ')
    expect(widths([0, 2, 3, 5])).toBe('Conv Reshape Transpose Reshape Conv')
    expect(widths([0, 2, 4, 5])).toBe('Conv Gather Conv')
  })

  it('blocks channels that a softmax normalises across', () => {
    const b = new NetworkBuilder(createRandom(0))
    const soft = b.node('Softmax', 'soft', [b.conv('conv', 'input', 3, 4, 1)], { axis: 1 })
    const network = b.finish('n', [3, 4, 4], b.conv('out', soft, 4, 2, 1), 2)
    expect(group(findGroups(network), 'conv').why).toBe('Softmax "soft" normalises across channels')
  })
})

describe('findBranches', () => {
  it('finds every residual branch whose shortcut is an identity or option A', () => {
    const branches = findBranches(resnet)
    expect(branches).toHaveLength(9)
    expect(branches[3]).toMatchObject({ id: 'layer2.0', output: 'layer2.0.bn2_out', groups: ['layer2.0.conv1'] })
  })

  const branchesOf = (build: (b: NetworkBuilder, x: string) => string) => {
    const b = new NetworkBuilder(createRandom(0))
    const x = b.node('Relu', 'stem.relu', [b.conv('stem', 'input', 3, 4, 3)])
    const sum = b.node('Add', 'add', [build(b, x), x])
    return findBranches(findGroups(b.finish('n', [3, 4, 4], b.conv('out', sum, 4, 2, 1), 2)))
  }

  it('leaves a branch alone that ends in a depthwise convolution: without its channels it is no constant', () => {
    const plain = branchesOf((b, x) => b.conv('b', b.conv('a', x, 4, 5, 3), 5, 4, 3))
    expect(plain.map(({ groups }) => groups)).toEqual([['a']])
    const depthwise = branchesOf((b, x) => {
      const weight = b.heNormal('depthwise.weight', [4, 1, 1, 1], 1)
      return b.node('Conv', 'depthwise', [b.conv('b', b.conv('a', x, 4, 5, 3), 5, 4, 3), weight], { group: 4 })
    })
    expect(depthwise).toEqual([])
  })

  it('leaves a branch alone whose last layer also reads the stream', () => {
    const joined = branchesOf((b, x) =>
      b.conv('b', b.node('Concat', 'join', [x, b.conv('a', x, 4, 5, 3)], { axis: 1 }), 9, 4, 3),
    )
    expect(joined).toEqual([])
  })

  it('leaves a branch alone whose shortcut is a convolution', () => {
    const b = new NetworkBuilder(createRandom(0))
    const y = b.conv('b', b.node('Relu', 'relu', [b.conv('a', 'input', 3, 4, 3)]), 4, 4, 3)
    const network = b.finish('n', [3, 4, 4], b.node('Add', 'add', [y, b.conv('projection', 'input', 3, 4, 1)]), 4)
    expect(findBranches(findGroups(network))).toEqual([])
  })
})
