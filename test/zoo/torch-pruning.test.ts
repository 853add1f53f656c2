import { describe, expect, it } from 'vitest'
import { cleanNetwork } from '../../src-main/core/graph/clean'
import { createSubject, type Subject } from '../../src-main/core/pruning/subject'
import { applyPlan } from '../../src-main/core/pruning/surgery'
import { createRandom } from '../../src-main/core/statistics/random'
import { recalibrate } from '../../src-main/engines/onnxruntime/recalibrate'
import { prove } from '../fixtures/random-networks/proof'
import { counts, load, names } from '../fixtures/torch-pruning/load'
import { withRandomWeights, withZeroWeights } from '../fixtures/weightless'

/** Output channels that layers make and a plan can cut: in prunable groups of more than one unit. */
function prunableChannels({ coupling }: Subject): number {
  const made = new Map(coupling.network.nodes.map(({ name, outputs }) => [name, outputs[0]!]))
  const depthwise = coupling.network.nodes.filter(({ op, attributes }) => op === 'Conv' && attributes['group'] !== 1)
  const layers = new Set(depthwise.map(({ outputs }) => outputs[0]!))
  for (const { producers } of coupling.groups) for (const name of producers) layers.add(made.get(name)!)
  return coupling.groups
    .filter(({ prunable, channels }) => prunable && channels > 1)
    .flatMap(({ members }) => members.filter(({ tensor }) => layers.has(tensor)))
    .reduce((sum, { units }) => sum + units.reduce((count, unit) => count + (unit >= 0 ? 1 : 0), 0), 0)
}

describe('channels that can be pruned, against Torch-Pruning', () => {
  it.each(names)('%s', (name) => {
    const { layers, groups, pruned } = counts.networks[name]!
    // Where Torch-Pruning fails (it cannot follow ShuffleNet's shuffle), the mark is every layer but the classifier.
    const theirs = Math.max(...[groups, pruned].filter((count) => typeof count === 'number'), 0) || layers
    const ours = prunableChannels(createSubject(cleanNetwork(withZeroWeights(load(name)))))
    expect(ours).toBeLessThanOrEqual(layers)
    expect(ours / theirs, `${ours} of ${theirs}`).toBeGreaterThanOrEqual(0.95)
  })
})

// VGG's dense layers fix the size of its images.
const shapeOf = (name: string) => (name.startsWith('vgg') ? { size: 224, part: 8 } : { size: 64, part: 4 })

/** The same network with every group at a part of its width: as many layers, a small part of the weights. */
function slim(name: string) {
  const { size, part } = shapeOf(name)
  const { coupling, branches } = createSubject(cleanNetwork(withZeroWeights(load(name, size))))
  const kept = coupling.groups
    .filter(({ prunable }) => prunable)
    .map(({ id, channels }) => [id, Array.from({ length: Math.ceil(channels / part) }, (_, unit) => unit)] as const)
  return applyPlan(coupling, branches, new Map(kept))
}

describe('the same networks with random weights', () => {
  it.each(names)('%s: surgery computes what the masked original computes', async (name) => {
    const random = createRandom(1)
    const { size } = shapeOf(name)
    const shape = [2, 3, size, size]
    const images = Float32Array.from({ length: 2 * 3 * size ** 2 }, () => random.normal())
    // With BN statistics of nobody's images a deep network's output hardly depends on what it is shown.
    const network = await recalibrate(withRandomWeights(slim(name), 2), [{ images, shape }], 1)
    const { faults, plans, visible } = await prove(network, 3, 2)
    expect(faults.join('\n')).toBe('')
    expect([plans, visible]).toEqual([2, 2])
  })
})
