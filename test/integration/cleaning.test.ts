import { describe, expect, it } from 'vitest'
import { cleanNetwork } from '../../src-main/core/graph/clean'
import type { AttributeValue, Network, NetworkNode, Tensor } from '../../src-main/core/graph/network'
import { opRow } from '../../src-main/core/graph/ops'
import { tensorOf } from '../../src-main/core/graph/tensors'
import { createRandom } from '../../src-main/core/statistics/random'
import { createSession, runSession } from '../../src-main/engines/onnxruntime/runtime'
import { readOnnx } from '../../src-main/formats/onnx/read'
import { writeOnnx } from '../../src-main/formats/onnx/write'
import { noisyNetwork } from '../fixtures/noisy'

type Step = [op: string, inputs: string[], output: string, attributes?: Record<string, AttributeValue>]

/** A network of one opset on [batch, 4, 6, 6], node by node; constants by name. */
function networkOf(opset: number, steps: readonly Step[], constants: Record<string, Tensor> = {}): Network {
  const nodes = steps.map(([op, inputs, output, attributes = {}]): NetworkNode => {
    const outputs = output.split(',')
    return { name: `${op}_${outputs[0]}`, op, domain: '', inputs, outputs, attributes }
  })
  return {
    name: `opset ${opset}`,
    opset,
    domains: {},
    inputs: [{ name: 'x', type: 'float32', shape: ['batch', 4, 6, 6] }],
    outputs: [{ name: 'y', type: 'float32', shape: undefined }],
    nodes,
    initializers: new Map(Object.entries(constants)),
    metadata: {},
    producer: '',
  }
}

const int64 = (...values: number[]): Tensor => tensorOf('int64', [values.length], values)
const floats = (...values: number[]): Tensor => tensorOf('float32', [values.length], values)

const networks: [string, Network][] = [
  ['channels-last with shape arithmetic', noisyNetwork()],
  [
    'of opset 9: sizes and axes as attributes, Upsample, Softmax over all that follows',
    networkOf(
      9,
      [
        ['Pad', ['x'], 'p', { pads: [0, 0, 1, 0, 0, 0, 0, 2], value: 0.5, mode: 'constant' }],
        ['Slice', ['p'], 's', { starts: [1, 0], ends: [4, 5], axes: [1, 2] }],
        ['Upsample', ['s', 'scales'], 'u', { mode: 'nearest' }],
        ['Clip', ['u'], 'c', { min: -1.5, max: 1.25 }],
        ['Softmax', ['c'], 'soft', { axis: 2 }],
        ['Unsqueeze', ['soft'], 'wide', { axes: [1] }],
        ['Squeeze', ['wide'], 'y', { axes: [1] }],
      ],
      { scales: floats(1, 1, 2, 1.5) },
    ),
  ],
  [
    'of opset 18: axes as inputs, named axes, parts by number',
    networkOf(
      18,
      [
        ['Pad', ['x', 'pads', '', 'padAxes'], 'p', { mode: 'constant' }],
        ['Split', ['p'], 'a,b,c', { axis: 2, num_outputs: 3 }],
        ['Concat', ['c', 'a', 'b'], 'j', { axis: 2 }],
        ['Resize', ['j', '', 'scales'], 'r', { mode: 'linear', axes: [3, 2] }],
        ['ReduceMax', ['r', 'reduceAxes'], 'm', { keepdims: 0 }],
        ['ReduceMean', ['m'], 'n', { noop_with_empty_axes: 1 }],
        ['Identity', ['n'], 'y'],
      ],
      { pads: int64(1, 1), padAxes: int64(-2), scales: floats(2, 1.5), reduceAxes: int64(-1) },
    ),
  ],
  [
    'that reshapes and expands by sizes computed from its input',
    networkOf(
      17,
      [
        ['Shape', ['x'], 'size'],
        ['Slice', ['size', 'zero', 'one'], 'n'],
        ['Concat', ['n', 'rest'], 'target', { axis: 0 }],
        ['Reshape', ['x', 'target'], 'r'],
        ['Equal', ['target', 'minus'], 'open'],
        ['Where', ['open', 'ones', 'target'], 'wanted'],
        ['Expand', ['r', 'wanted'], 'e'],
        ['CastLike', ['half', 'e'], 'h'],
        ['Mul', ['e', 'h'], 'm'],
        ['Dropout', ['m'], 'y'],
      ],
      {
        zero: int64(0),
        one: int64(1),
        rest: int64(2, 72),
        minus: int64(-1),
        ones: int64(1, 1, 1),
        half: tensorOf('float64', [], [0.5]),
      },
    ),
  ],
]

async function outputOf(network: Network, batch: number) {
  const shape = [batch, ...network.inputs[0]!.shape!.slice(1).map(Number)]
  const random = createRandom(3)
  const input = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.normal())
  const session = await createSession(writeOnnx(network), 1, network.name)
  const [output] = (await runSession(session, input, shape)).values()
  await session.release()
  return output!
}

describe.each(networks)('cleaning a network %s', (_name, network) => {
  const cleaned = cleanNetwork(network)

  it.each([1, 3])('changes nothing for a batch of %d', async (batch) => {
    const [before, after] = [await outputOf(network, batch), await outputOf(cleaned, batch)]
    expect(after.shape).toEqual(before.shape)
    const range = Math.max(...before.data) - Math.min(...before.data)
    expect(range).toBeGreaterThan(0)
    expect(Math.max(...before.data.map((value, i) => Math.abs(value - after.data[i]!))) / range).toBeLessThan(1e-5)
  })

  it('leaves one form that is understood', () => {
    expect(cleaned.opset).toBe(17)
    expect(cleaned.nodes.filter((node) => !opRow(node))).toEqual([])
    expect(
      cleaned.nodes
        .map(({ op }) => op)
        .filter((op) => ['Shape', 'Identity', 'Dropout', 'Expand', 'Upsample'].includes(op)),
    ).toEqual([])
  })

  it('does not touch the given network, and is read back the same', () => {
    const before = writeOnnx(network)
    cleanNetwork(network)
    expect(Buffer.compare(writeOnnx(network), before)).toBe(0)
    expect(Buffer.compare(writeOnnx(readOnnx(writeOnnx(cleaned), 'm')), writeOnnx(cleaned))).toBe(0)
  })
})
