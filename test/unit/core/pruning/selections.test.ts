import { describe, expect, it } from 'vitest'
import { findGroups } from '../../../../src-main/core/coupling/groups'
import { createArchitecture } from '../../../../src-main/core/graph/architectures'
import { networkCost } from '../../../../src-main/core/graph/cost'
import { isSelection, withoutIdleSelections } from '../../../../src-main/core/graph/selections'
import { planFile } from '../../../../src-main/core/pruning/plan'
import { insertSelections, networkOfPlan } from '../../../../src-main/core/pruning/selections'
import { createSubject, pruneSubject, subjectKeep } from '../../../../src-main/core/pruning/subject'
import { quickPreactivation, quickResnet } from '../../../fixtures/networks'

const plain = quickPreactivation()
const selecting = insertSelections(plain)
const subject = createSubject(selecting, { criterion: 'bn' })

describe('channel selections', () => {
  it('stand before BN that read what others read too, and nowhere else', () => {
    const names = selecting.nodes.filter(isSelection).map(({ name }) => name)
    expect(names).toEqual(['block.bn1/select', 'dense.bn/select', 'final/select'])
    const [first] = findGroups(selecting).groups.filter(({ id }) => id === 'block.bn1/select')
    expect(first).toMatchObject({ channels: 8, prunable: true, stream: false, contractors: ['block.conv1'] })
    expect(insertSelections(quickResnet())).toEqual(quickResnet())
  })

  it('leave the stream whole, and say why', () => {
    const { groups } = findGroups(selecting)
    expect(groups.find(({ id }) => id === 'stem')).toMatchObject({
      ...{ prunable: false, why: 'feeds the channel selection "block.bn1/select"' },
    })
  })

  it('that take every channel go again', () => {
    expect(withoutIdleSelections(selecting)).toEqual(plain)
    expect(withoutIdleSelections(plain)).toBe(plain)
    const pruned = pruneSubject(subject, { 'final/select': 5 })
    expect(pruned.nodes.filter(isSelection).map(({ name }) => name)).toEqual(['final/select'])
    expect(pruned.initializers.get('final/select.indices')!.data).toHaveLength(5)
    expect(pruned.initializers.get('linear.weight')!.shape).toEqual([10, 5])
  })

  it('are in a plan by the tensors of the file alone, and come back for it', () => {
    const keep = subjectKeep(subject, { 'block.bn1/select': 3 })
    const { groups } = planFile(subject.coupling, subject.branches, keep, '')
    expect(groups[0]!.activations).toMatchObject([{ tensor: expect.stringContaining('block.bn1.relu'), axis: 1 }])
    for (const { tensor } of groups[0]!.initializers) expect(plain.initializers.has(tensor)).toBe(true)
    expect(networkOfPlan(plain, keep.keys())).toEqual(selecting)
    expect(networkOfPlan(plain, ['block.conv1'])).toBe(plain)
  })

  it.each([
    ['resnet164', 1 + 54, 0.35],
    ['densenet40', 1 + 36 + 2, 0.51],
  ])('let %s be pruned at all of its BN that read streams', (name, expected, left) => {
    const network = createArchitecture(name, 10, [3, 32, 32], 0)
    const whole = createSubject(insertSelections(network))
    expect(whole.network.nodes.filter(isSelection)).toHaveLength(expected)
    const half = Object.fromEntries(whole.dimensions.map(({ id, channels }) => [id, channels >> 1]))
    expect(networkCost(pruneSubject(whole, half)).macs).toBeLessThan(left * whole.cost.macs)
  })
})
