import { describe, expect, it } from 'vitest'
import { networkCost } from '../../../../src-main/core/graph/cost'
import { createCostModel } from '../../../../src-main/core/pruning/cost-model'
import { planFile, readPlan } from '../../../../src-main/core/pruning/plan'
import { createSubject, pruneSubject, subjectKeep } from '../../../../src-main/core/pruning/subject'
import { applyPlan } from '../../../../src-main/core/pruning/surgery'
import { roundedWidth, topUnits } from '../../../../src-main/core/pruning/widths'
import { createRandom } from '../../../../src-main/core/statistics/random'
import { writeOnnx } from '../../../../src-main/formats/onnx/write'
import { concatNetwork, flatteningNetwork, livelyResnet } from '../../../fixtures/networks'

describe('the closed-form cost model', () => {
  const random = createRandom(5)
  for (const [name, network] of [
    ['ResNet-20', livelyResnet(20)],
    ['flattening', flatteningNetwork()],
    ['concatenating, depthwise', concatNetwork()],
  ] as const)
    it(`equals the cost after surgery: ${name}`, () => {
      const subject = createSubject(network)
      const model = createCostModel(subject)
      for (let trial = 0; trial < 10; trial++) {
        const widths = Object.fromEntries(subject.dimensions.map((g) => [g.id, 1 + random.below(g.channels)]))
        const after = networkCost(pruneSubject(subject, widths))
        expect(model.cost('macs', widths)).toBeCloseTo(after.macs / subject.cost.macs, 10)
        expect(model.cost('params', widths)).toBeCloseTo(after.params / subject.cost.params, 10)
      }
    })

  it('knows what a removed branch saves', () => {
    const subject = createSubject(livelyResnet(20))
    const widths = { 'layer2.1.conv1': 0 }
    const after = networkCost(pruneSubject(subject, widths))
    expect(createCostModel(subject).cost('macs', widths)).toBeCloseTo(after.macs / subject.cost.macs, 10)
  })
})

describe('surgery', () => {
  const subject = createSubject(livelyResnet())
  const widths = { 'layer1.0.conv1': 5, 'layer2.0.conv1': 0, 'layer3.0.conv1': 17 }

  it('never touches the original', () => {
    const before = writeOnnx(subject.network)
    pruneSubject(subject, widths)
    expect(Buffer.compare(before, writeOnnx(subject.network))).toBe(0)
  })

  it('is reproduced from its own plan.json', () => {
    const keep = subjectKeep(subject, widths)
    const plan = planFile(subject.coupling, subject.branches, keep, 'abc')
    expect(plan.removedBranches).toEqual([{ id: 'layer2.0', output: 'layer2.0.bn2_out', constant: true }])
    expect(plan.groups.find(({ id }) => id === 'layer1.0.conv1')!.initializers).toContainEqual({
      tensor: 'layer1.0.conv2.weight',
      axis: 1,
      keep: keep.get('layer1.0.conv1'),
    })
    const read = readPlan(JSON.stringify(plan), 'plan.json')
    const again = applyPlan(subject.coupling, subject.branches, read.keep, read.constant)
    expect(Buffer.compare(writeOnnx(again), writeOnnx(pruneSubject(subject, widths)))).toBe(0)
  })

  it.each([
    [{ nowhere: [0] }, 'plan-unknown-group', 'The plan names the group "nowhere", which this model does not have.'],
    [
      { linear: [0] },
      'plan-not-prunable',
      'The plan prunes "linear", which cannot be pruned: it feeds output `linear_out`.',
    ],
    [
      { conv1: [] },
      'plan-empty-group',
      'The plan keeps no channel of "conv1", which is not inside a removable residual branch.',
    ],
    [
      { 'layer1.0.conv1': [3, 2] },
      'plan-index',
      `The plan's index 2 of "layer1.0.conv1" is out of order or out of range (0 to 15).`,
    ],
    [
      { 'layer1.0.conv1': [16] },
      'plan-index',
      `The plan's index 16 of "layer1.0.conv1" is out of order or out of range (0 to 15).`,
    ],
  ])('refuses the plan %j', (keep, code, message) => {
    expect(() => applyPlan(subject.coupling, subject.branches, new Map(Object.entries(keep)))).toThrowError(
      expect.objectContaining({ failure: expect.objectContaining({ kind: 'input', code, message }) }),
    )
  })
})

describe('readPlan', () => {
  it.each([
    ['{', 'plan-unreadable'],
    ['{"format":"other"}', 'plan-unreadable'],
    ['{"format":"lupine-plan","version":2,"groups":[]}', 'plan-version'],
    ['{"format":"lupine-plan","version":1,"groups":[{"id":"a"}]}', 'plan-unreadable'],
  ])('refuses %s', (text, code) => {
    expect(() => readPlan(text, 'p.json')).toThrowError(
      expect.objectContaining({ failure: expect.objectContaining({ code }) }),
    )
  })
})

describe('widths', () => {
  it('keeps the most important units, in their order, the lower index on a tie', () => {
    expect(topUnits(Float64Array.of(1, 5, 3, 5, 1), 3)).toEqual([1, 2, 3])
    expect(topUnits(Float64Array.of(2, 2, 2), 2)).toEqual([0, 1])
  })

  it('rounds to multiples, never to nothing', () => {
    expect([
      roundedWidth(16, 0.5, 1),
      roundedWidth(16, 0.01, 8),
      roundedWidth(5, 0.5, 8),
      roundedWidth(64, 0.9, 16),
    ]).toEqual([8, 8, 5, 64])
  })
})
