import { describe, expect, it } from 'vitest'
import { aliasesOf } from '../../../../src-main/core/graph/aliases'
import { NetworkBuilder } from '../../../../src-main/core/graph/builder'
import { cleanNetwork } from '../../../../src-main/core/graph/clean'
import { networkCost } from '../../../../src-main/core/graph/cost'
import type { Network } from '../../../../src-main/core/graph/network'
import { inferShapes } from '../../../../src-main/core/graph/shapes'
import { createRandom } from '../../../../src-main/core/statistics/random'
import { noisyNetwork } from '../../../fixtures/noisy'

const ops = (network: Network) => network.nodes.map(({ op }) => op)

describe('cleaning a channels-last network', () => {
  const cleaned = cleanNetwork(noisyNetwork())

  it('leaves the Transpose of the input alone, and no shape arithmetic', () => {
    expect(ops(cleaned)).toEqual([
      ...['Transpose', 'Conv', 'Relu', 'Resize', 'MaxPool', 'Slice', 'Concat', 'Conv', 'ReduceMean', 'Reshape', 'Gemm'],
    ])
  })

  it('folds Sub and Mul into the convolution: weights times 0.5, bias −0.25', () => {
    const given = noisyNetwork().initializers.get('conv1.weight')!.data
    const [, weight, bias] = cleaned.nodes[1]!.inputs
    expect(Array.from(cleaned.initializers.get(weight!)!.data)).toEqual(Array.from(given, (w) => Math.fround(w * 0.5)))
    expect(Array.from(cleaned.initializers.get(bias!)!.data)).toEqual(new Array(6).fill(-0.25))
  })

  it('gives the tensor that the next layer reads its name in the original', () => {
    expect(cleaned.nodes[2]!.outputs).toEqual(['again_out'])
  })

  it('keeps the batch open', () => {
    const target = cleaned.initializers.get(cleaned.nodes.find(({ op }) => op === 'Reshape')!.inputs[1]!)!
    expect(Array.from(target.data)).toEqual([0, -1])
    expect(inferShapes(cleaned).get(cleaned.outputs[0]!.name)).toEqual(['batch', 4])
  })
})

describe('tensors that become one', () => {
  it('are all named', () => {
    const b = new NetworkBuilder(createRandom(1))
    const last = b.node('Transpose', 'last', [b.conv('a', 'input', 3, 4, 3)], { perm: [0, 2, 3, 1] })
    const relu = b.node('Relu', 'relu', [last])
    const first = (name: string) => b.node('Transpose', name, [relu], { perm: [0, 3, 1, 2] })
    const sum = b.node('Add', 'add', [b.conv('l', first('left'), 4, 4, 1), b.conv('r', first('right'), 4, 4, 1)])
    const flat = b.node('Flatten', 'flat', [b.node('GlobalAveragePool', 'gap', [sum])], { axis: 1 })
    const cleaned = cleanNetwork(b.finish('twice', [3, 4, 4], b.dense('fc', flat, 4, 2), 2))
    expect(ops(cleaned)).not.toContain('Transpose')
    expect([...aliasesOf(cleaned)]).toEqual([['left_out', ['right_out']]])
  })
})

describe('free dimensions', () => {
  const free = (height: string | number): Network => {
    const b = new NetworkBuilder(createRandom(1))
    const x = b.node('Flatten', 'flat', [b.conv('conv', 'input', 3, 2, 3)], { axis: 1 })
    const network = b.finish('free', [3, 28, 28], b.dense('fc', x, 2 * 28 * 28, 4), 4)
    return { ...network, inputs: [{ name: 'input', type: 'float32', shape: ['n', 'c', height, 'w'] }] }
  }

  it('get the first usual size that contradicts nothing, channels what the layer wants', () => {
    expect(inferShapes(free('h')).get('input')).toEqual(['n', 3, 28, 28])
  })

  it('get the size that is asked for, which the network must accept', () => {
    expect(() => inferShapes(free('h'), { h: 30, w: 30 })).toThrow(
      'Node "fc" (Gemm): it multiplies [n, 1800] by [4, 1568], whose inner sizes 1800 and 1568 differ.',
    )
  })

  it('stay free in the network', () => {
    expect(cleanNetwork(free('h')).inputs[0]!.shape).toEqual(['n', 'c', 'h', 'w'])
  })
})

describe('constants made at run time', () => {
  it('count as weights and are made when they are read', () => {
    const b = new NetworkBuilder(createRandom(1))
    const made = b.node('ConstantOfShape', 'weight', [b.integers('dims', [8, 3, 3, 3])])
    const conv = b.node('Conv', 'conv', ['input', made], { kernel_shape: [3, 3] })
    const cleaned = cleanNetwork({
      ...b.finish('made', [3, 8, 8], conv, 1),
      outputs: [{ name: conv, type: 'float32', shape: undefined }],
    })
    expect(networkCost(cleaned)).toMatchObject({ params: 216, macs: 216 * 36 })
    const weight = cleaned.initializers.get('weight_out')!
    expect(Object.getOwnPropertyDescriptor(weight, 'data')!.get).toBeDefined()
    expect(weight.data).toEqual(new Float32Array(216))
  })
})
