import { describe, expect, it } from 'vitest'
import { NetworkBuilder } from '../../../../src-main/core/graph/builder'
import { foldNorms } from '../../../../src-main/core/graph/bn-folding'
import { bareLayers, countNormed, insertNorms, isReinserted } from '../../../../src-main/core/graph/bn-insertion'
import { createRandom } from '../../../../src-main/core/statistics/random'
import { livelyResnet } from '../../../fixtures/networks'

const ones = (count: number, value: number) => new Float32Array(count).fill(value)
const folded = foldNorms(livelyResnet(), () => true)
const names = (network: typeof folded) => bareLayers(network).map(({ node }) => node)

describe('bare layers', () => {
  it('are all convolutions of a ResNet whose BN was folded, not its logits', () => {
    const convolutions = folded.nodes.filter(({ op }) => op === 'Conv').map(({ name }) => name)
    expect(names(folded)).toEqual(convolutions)
    expect(countNormed(folded)).toEqual({ convolutions: convolutions.length, normed: 0 })
    expect(countNormed(livelyResnet())).toEqual({ convolutions: convolutions.length, normed: convolutions.length })
    expect(names(livelyResnet())).toEqual([])
  })

  it('are not those on the last way to an output, nor those with another normalisation', () => {
    const b = new NetworkBuilder(createRandom(0))
    const stem = b.node('Relu', 'r1', [b.conv('stem', 'input', 3, 4, 3)])
    const scale = [b.constant('s', [4], ones(4, 1)), b.constant('t', [4], ones(4, 0))]
    const style = b.node('InstanceNormalization', 'in', [b.conv('style', stem, 4, 4, 3), ...scale])
    const boxes = b.node('Sigmoid', 'boxes', [b.conv('box', style, 4, 4, 1)])
    const network = b.finish('n', [3, 8, 8], boxes, 4)
    expect(names(network)).toEqual(['stem'])
    const both = { ...network, outputs: [...network.outputs, { ...network.outputs[0]!, name: stem }] }
    expect(names(both)).toEqual([])
  })

  it('are dense layers before an activation only', () => {
    const b = new NetworkBuilder(createRandom(0))
    const flat = b.node('Flatten', 'f', ['input'], { axis: 1 })
    const hidden = b.node('Relu', 'r', [b.dense('hidden', flat, 4, 6)])
    const plain = b.dense('plain', hidden, 6, 5)
    expect(names(b.finish('n', [1, 2, 2], b.dense('last', plain, 5, 2), 2))).toEqual(['hidden'])
  })

  it('have constant weights that a scale can be folded into', () => {
    const conv = folded.nodes.find(({ name }) => name === 'conv1')!
    const computed = {
      ...folded,
      nodes: folded.nodes.map((node) => (node === conv ? { ...conv, inputs: ['input', 'made'] } : node)),
    }
    expect(names(computed)).not.toContain('conv1')
  })
})

describe('insertion and folding', () => {
  const moments = new Map(
    bareLayers(folded).map(({ tensor, channels }) => [
      tensor,
      {
        mean: Float64Array.from({ length: channels }, (_, c) => Math.sin(c)),
        // A dead filter among them.
        variance: Float64Array.from({ length: channels }, (_, c) => (c === 1 ? 0 : 0.1 + c)),
      },
    ]),
  )
  const inserted = insertNorms(folded, moments)

  it('puts γ = √(σ² + ε), β = μ, mean μ, variance σ² behind every bare layer', () => {
    const norms = inserted.nodes.filter(isReinserted)
    expect(norms).toHaveLength(moments.size)
    const [norm] = norms
    const data = norm!.inputs.slice(1).map((name) => inserted.initializers.get(name)!.data)
    const wanted = moments.get(norm!.outputs[0]!)!
    expect(data[0]![3]).toBeCloseTo(Math.sqrt(wanted.variance[3]! + 1e-5), 6)
    expect(data[0]![1]).toBeCloseTo(Math.sqrt(1e-5), 6)
    expect([data[1]![2], data[2]![2]]).toEqual([Math.fround(Math.sin(2)), Math.fround(Math.sin(2))])
    expect(data[3]![3]).toBeCloseTo(3.1, 6)
    expect(names(inserted)).toEqual([])
  })

  it('keeps the names of all tensors there were', () => {
    const tensors = (network: typeof folded) => network.nodes.flatMap(({ outputs }) => outputs)
    expect(tensors(inserted)).toEqual(expect.arrayContaining(tensors(folded)))
  })

  it('leaves layers without statistics bare', () => {
    const [first] = moments.keys()
    const one = insertNorms(folded, new Map([[first!, moments.get(first!)!]]))
    expect(one.nodes.filter(isReinserted)).toHaveLength(1)
  })

  it('folds back to the same weights, names and nodes', () => {
    const back = foldNorms(inserted, isReinserted)
    expect(back.nodes.map(({ name, inputs, outputs }) => ({ name, inputs, outputs }))).toEqual(
      folded.nodes.map(({ name, inputs, outputs }) => ({ name, inputs, outputs })),
    )
    for (const [name, { data }] of folded.initializers) {
      const other = back.initializers.get(name)!.data
      const off = Array.from(
        data,
        (value, i) => Math.abs(Number(other[i]) - Number(value)) / Math.max(1, Math.abs(Number(value))),
      )
      expect(Math.max(...off), name).toBeLessThan(1e-6)
    }
  })

  it('leaves a BN that was always there', () => {
    const network = livelyResnet()
    expect(foldNorms(network, isReinserted)).toEqual(network)
  })

  it('leaves a BN whose layer has other readers', () => {
    const b = new NetworkBuilder(createRandom(0))
    const x = b.conv('conv1', 'input', 3, 4, 3)
    const network = b.finish('n', [3, 4, 4], b.node('Add', 'add', [b.batchNorm('bn', x, 4), x]), 4)
    expect(foldNorms(network, () => true).nodes).toHaveLength(3)
  })
})
