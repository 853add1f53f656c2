import { describe, expect, it } from 'vitest'
import type { Network } from '../../src-main/core/graph/network'
import { maskedNetwork } from '../../src-main/core/pruning/masks'
import { insertSelections } from '../../src-main/core/pruning/selections'
import { createSubject, type Subject } from '../../src-main/core/pruning/subject'
import { applyPlan } from '../../src-main/core/pruning/surgery'
import { topUnits, type Keep } from '../../src-main/core/pruning/widths'
import { createRandom, permutation } from '../../src-main/core/statistics/random'
import { createSession, runSession } from '../../src-main/engines/onnxruntime/runtime'
import { writeOnnx } from '../../src-main/formats/onnx/write'
import { concatNetwork, flatteningNetwork, livelyResnet, quickPreactivation } from '../fixtures/networks'

/** Outputs of a network in onnxruntime on two seeded inputs. */
async function outputOf(network: Network): Promise<Float32Array> {
  const shape = [2, ...network.inputs[0]!.shape!.slice(1).map(Number)]
  const random = createRandom(9)
  const input = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.normal())
  const session = await createSession(writeOnnx(network), 1, network.name)
  const [output] = (await runSession(session, input, shape)).values()
  await session.release()
  return output!.data
}

function relativeDifference(reference: Float32Array, other: Float32Array): number {
  const range = Math.max(...reference) - Math.min(...reference)
  return Math.max(...reference.map((value, i) => Math.abs(value - other[i]!))) / range
}

const networks: [string, Network][] = [
  ['ResNet-8 (residual, option A)', livelyResnet()],
  ['flattening with spatial multiplicity', flatteningNetwork()],
  ['concatenating and depthwise', concatNetwork()],
  ['channel selections before a block, a dense layer and the classifier', insertSelections(quickPreactivation())],
]

/** Every prunable group, residual streams too. */
const prunable = (subject: Subject) => subject.coupling.groups.filter((group) => group.prunable)

function plans(subject: Subject): [string, Keep][] {
  const random = createRandom(4)
  const uniform = [0.9, 0.7, 0.5, 0.3, 0.1].map((ratio): [string, Keep] => [
    `keep ${ratio}`,
    new Map(
      prunable(subject).map((group) => [
        group.id,
        topUnits(subject.importance.get(group.id)!, Math.max(1, Math.round(group.channels * ratio))),
      ]),
    ),
  ])
  const scattered = Array.from({ length: 5 }, (_, i): [string, Keep] => [
    `random plan ${i}`,
    new Map(
      prunable(subject).map((group) => {
        const count = 1 + random.below(group.channels)
        return [
          group.id,
          permutation(group.channels, random)
            .slice(0, count)
            .sort((a, b) => a - b),
        ]
      }),
    ),
  ])
  return [...uniform, ...scattered]
}

describe.each(networks)('surgery of a network %s', (_name, network) => {
  const subject = createSubject(network)

  it('computes what the masked original computes', async () => {
    for (const [name, keep] of plans(subject)) {
      const masked = await outputOf(maskedNetwork(subject.coupling, keep))
      const pruned = await outputOf(applyPlan(subject.coupling, subject.branches, keep))
      expect(relativeDifference(masked, pruned), name).toBeLessThan(1e-5)
      // The test could not fail if the mask changed nothing.
      expect(relativeDifference(masked, await outputOf(network)), name).toBeGreaterThan(1e-3)
    }
  })

  it('computes something else when one index is swapped', async () => {
    const group = prunable(subject).find(({ channels, stream }) => channels > 4 && !stream)!
    const keep = new Map([[group.id, [0, 2, 3]]])
    const swapped = new Map([[group.id, [0, 1, 3]]])
    const masked = await outputOf(maskedNetwork(subject.coupling, keep))
    const pruned = await outputOf(applyPlan(subject.coupling, subject.branches, swapped))
    expect(relativeDifference(masked, pruned)).toBeGreaterThan(1e-4)
  })
})

describe('removing residual branches', () => {
  const subject = createSubject(livelyResnet())
  const keep: Keep = new Map(subject.branches.map((branch) => [branch.groups[0]!, []]))

  it('leaves the constant each has when its channels are zero', async () => {
    const pruned = applyPlan(subject.coupling, subject.branches, keep)
    expect(pruned.nodes.filter(({ op }) => op === 'Conv')).toHaveLength(1)
    const masked = await outputOf(maskedNetwork(subject.coupling, keep))
    expect(relativeDifference(masked, await outputOf(pruned))).toBeLessThan(1e-5)
  })

  it('by zero is another function', async () => {
    const masked = await outputOf(maskedNetwork(subject.coupling, keep))
    const zero = await outputOf(applyPlan(subject.coupling, subject.branches, keep, false))
    expect(relativeDifference(masked, zero)).toBeGreaterThan(1e-3)
  })
})
