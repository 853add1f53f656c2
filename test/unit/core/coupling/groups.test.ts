import { describe, expect, it } from 'vitest'
import { findBranches } from '../../../../src-main/core/coupling/branches'
import { findGroups } from '../../../../src-main/core/coupling/groups'
import { createResnet } from '../../../../src-main/core/graph/architectures'
import { NetworkBuilder } from '../../../../src-main/core/graph/builder'
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

  it('leaves a branch alone whose shortcut is a convolution', () => {
    const b = new NetworkBuilder(createRandom(0))
    const y = b.conv('b', b.node('Relu', 'relu', [b.conv('a', 'input', 3, 4, 3)]), 4, 4, 3)
    const network = b.finish('n', [3, 4, 4], b.node('Add', 'add', [y, b.conv('projection', 'input', 3, 4, 1)]), 4)
    expect(findBranches(findGroups(network))).toEqual([])
  })
})
