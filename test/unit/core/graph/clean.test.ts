import { describe, expect, it } from 'vitest'
import { cleanNetwork } from '../../../../src-main/core/graph/clean'
import type { Network, NetworkNode } from '../../../../src-main/core/graph/network'
import { inferShapes } from '../../../../src-main/core/graph/shapes'

const node = (op: string, inputs: string[], output: string, attributes = {}): NetworkNode => ({
  name: output,
  op,
  domain: '',
  inputs,
  outputs: [output],
  attributes,
})

const network = (opset: number, nodes: NetworkNode[], output: string): Network => ({
  name: 'n',
  opset,
  domains: {},
  inputs: [{ name: 'x', type: 'float32', shape: ['batch', 3, 8, 8] }],
  outputs: [{ name: output, type: 'float32', shape: undefined }],
  nodes,
  initializers: new Map(),
  metadata: {},
  producer: '',
})

const int64 = (...values: number[]) => ({
  value: { type: 'int64' as const, shape: [values.length], data: Float64Array.from(values) },
})

describe('cleanNetwork', () => {
  it('turns a chain on constants into the constant the node needs', () => {
    const cleaned = cleanNetwork(
      network(
        13,
        [
          node('Constant', [], 'a', int64(0, 0)),
          node('Constant', [], 'b', int64(1, 1, 0, 0, 1, 1)),
          node('Concat', ['a', 'b'], 'pads', { axis: 0 }),
          node('Identity', ['x'], 'same'),
          node('Pad', ['same', 'pads'], 'y'),
        ],
        'y',
      ),
    )
    expect(cleaned.nodes.map(({ op }) => op)).toEqual(['Pad'])
    expect(cleaned.nodes[0]!.inputs[0]).toBe('x')
    expect(Array.from(cleaned.initializers.get('pads')!.data)).toEqual([0, 0, 1, 1, 0, 0, 1, 1])
    expect(inferShapes(cleaned).get('y')).toEqual(['batch', 3, 10, 10])
  })

  it("gives old opsets' attributes as the inputs of opset 17", () => {
    const old = network(9, [node('Slice', ['x'], 'y', { starts: [1], ends: [3], axes: [1] })], 'y')
    const cleaned = cleanNetwork(old)
    expect(cleaned.opset).toBe(17)
    expect(cleaned.nodes[0]!.inputs).toHaveLength(4)
    expect(inferShapes(cleaned).get('y')).toEqual(['batch', 2, 8, 8])
    expect(old.nodes[0]!.attributes['starts']).toEqual([1])
  })

  it('keeps the opset of a network with an operator it does not know', () => {
    expect(cleanNetwork(network(9, [node('Mystery', ['x'], 'y')], 'y')).opset).toBe(9)
  })

  it('drops what no output needs', () => {
    const cleaned = cleanNetwork(network(17, [node('Relu', ['x'], 'dead'), node('Sigmoid', ['x'], 'y')], 'y'))
    expect(cleaned.nodes.map(({ op }) => op)).toEqual(['Sigmoid'])
  })
})
