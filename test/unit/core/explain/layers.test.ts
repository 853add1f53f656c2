import { describe, expect, it } from 'vitest'
import { createResnet } from '../../../../src-main/core/graph/architectures'
import { NetworkBuilder } from '../../../../src-main/core/graph/builder'
import { criticalLayers } from '../../../../src-main/core/explain/critical-path'
import { gatherFacts } from '../../../../src-main/core/explain/facts'
import { layersOf, placeKernels } from '../../../../src-main/core/explain/layers'
import { createSubject, pruneSubject, subjectKeep } from '../../../../src-main/core/pruning/subject'
import { createRandom } from '../../../../src-main/core/statistics/random'

const resnet = createResnet(8, 10, [3, 32, 32], 1)
const layers = layersOf(resnet)
const nodeNamed = (name: string) => resnet.nodes.find((node) => node.name === name)!
const place = (...kernels: [name: string, op: string][]) =>
  placeKernels(
    resnet,
    layers,
    kernels.map(([name, op]) => ({ name, op, median: 1 })),
  ).map(({ layer, inserted }) => (inserted ? `before ${layer}` : layer))

describe('layers', () => {
  it('are what multiplies, with BN, activation and addition; what moves data stands alone', () => {
    const conv = layers.find(({ name }) => name.endsWith('layer1.0.conv2'))!
    expect(conv.nodes.map((name) => nodeNamed(name).op)).toEqual(['Conv', 'BatchNormalization', 'Add', 'Relu'])
    const alone = layers.filter(({ nodes, macs }) => nodes.length === 1 && macs === 0).map(({ op }) => op)
    expect(new Set(alone)).toEqual(new Set(['Slice', 'Pad', 'GlobalAveragePool', 'Flatten']))
    expect(layers.flatMap(({ nodes }) => nodes).sort()).toEqual(resnet.nodes.map(({ name }) => name).sort())
    // 16 channels of 32×32 in (twice: the shortcut too) and out, 16·16·9 weights, four vectors of BN.
    expect(conv.bytes).toBe(4 * (3 * 16 * 32 * 32 + 16 * 16 * 9 + 4 * 16))
  })

  it('own the kernels that a runtime names after nodes, outputs, or with suffixes of its own', () => {
    const conv = layers.find(({ name }) => name.endsWith('layer2.0.conv1'))!
    const [, norm, relu] = conv.nodes.map(nodeNamed)
    const output = relu!.outputs[0]!
    expect(place([conv.node, 'Conv'])).toEqual([conv.node])
    expect(place([`${output}_nchwc`, 'Conv'])).toEqual([conv.node])
    expect(place([`${conv.node} + ${relu!.name}`, 'CaskConvolution'])).toEqual([conv.node])
    expect(place([norm!.name, 'BatchNormalization'], [relu!.name, 'Relu'])).toEqual([conv.node, conv.node])
    // An identity that is longer is another one.
    expect(place([`${conv.node}0`, 'Conv'], [conv.node, 'Conv'])).toEqual([`before ${conv.node}`, conv.node])
  })

  it('own the conversions in front of them', () => {
    const [first, second] = layers.filter(({ macs }) => macs > 0)
    const placed = place([first!.node, 'Conv'], ['ReorderOutput_token_4', 'ReorderOutput'], [second!.node, 'FusedConv'])
    expect(placed).toEqual([first!.node, `before ${second!.node}`, second!.node])
    expect(place([first!.node, 'Conv'], ['ReorderOutput', 'ReorderOutput'])).toEqual([
      first!.node,
      `before ${first!.node}`,
    ])
  })
})

describe('facts', () => {
  const subject = createSubject(resnet)
  const dims = subject.dimensions
  const widths = { [dims[0]!.id]: 5, [dims[2]!.id]: 0 }
  const pruned = pruneSubject(subject, widths)
  const kernels = (nodes: typeof resnet.nodes) => nodes.map(({ name, op }) => ({ name, op, median: 0.01 }))
  const facts = gatherFacts(
    { network: resnet, coupling: subject.coupling, kernels: kernels(resnet.nodes) },
    { network: pruned, kernels: kernels(pruned.nodes) },
    subjectKeep(subject, widths),
    1,
  )

  it('hold both networks side by side, and every kernel once', () => {
    const sum = (read: (each: (typeof facts)[number]) => number) => facts.reduce((all, each) => all + read(each), 0)
    expect(sum(({ before }) => before.macs)).toBe(subject.cost.macs)
    expect(sum(({ after }) => after.macs)).toBe(createSubject(pruned).cost.macs)
    expect(sum(({ before }) => before.kernels.length)).toBe(resnet.nodes.length)
    expect(sum(({ after }) => after.kernels.length)).toBe(pruned.nodes.length)
    const cut = facts.filter(({ groups }) => groups.some(({ id, kept }) => id === dims[0]!.id && kept === 5))
    expect(cut.map(({ before, after }) => after.macs / before.macs)).toEqual([5 / 16, 5 / 16])
  })

  it('know a removed branch by its layers, and leave it the addition that stays', () => {
    const gone = facts.filter(({ removed }) => removed)
    const branch = subject.branches.find(({ groups }) => groups.includes(dims[2]!.id))!
    expect(gone.map(({ after }) => after.macs)).toEqual([0, 0])
    expect(gone.map(({ name }) => name.slice(0, branch.id.length))).toEqual([branch.id, branch.id])
    expect(gone.at(-1)!.after.kernels.map(({ op }) => op)).toEqual(['Add', 'Relu'])
  })
})

describe('the critical path', () => {
  const b = new NetworkBuilder(createRandom(1))
  const stem = b.conv('stem', 'input', 3, 4, 3)
  const [slow, quick] = [b.conv('slow', stem, 4, 4, 3), b.conv('quick', stem, 4, 4, 1)]
  const joined = b.node('Concat', 'join', [slow, quick], { axis: 1 })
  const network = b.finish('branches', [3, 8, 8], b.conv('last', joined, 8, 4, 1), 4)
  const parts = layersOf(network)
  const ms = new Map([
    ['stem', 1],
    ['slow', 3],
    ['quick', 1],
    ['join', 0.1],
    ['last', 1],
  ])

  it('is every layer where kernels run in turn, the slowest branch where branches run together', () => {
    expect(criticalLayers(network, parts, ms, 1)).toEqual(new Set(['stem', 'slow', 'quick', 'join', 'last']))
    expect(criticalLayers(network, parts, ms, 2)).toEqual(new Set(['stem', 'slow', 'join', 'last']))
    const even = new Map(ms).set('quick', 3)
    expect(criticalLayers(network, parts, even, 2).has('quick')).toBe(true)
  })
})
