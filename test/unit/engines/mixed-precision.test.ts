import { describe, expect, it } from 'vitest'
import { compile } from '../../../src-main/engines/compiler/compile'
import { FLOAT, type GraphNode } from '../../../src-main/engines/compiler/graph'
import { mixedPrecision } from '../../../src-main/engines/compiler/mixed-precision'
import { precisionsOf } from '../../../src-main/engines/tensorflow/precisions'
import { NetworkBuilder } from '../../fixtures/engines/builder'
import { training } from '../../fixtures/engines/gradients'

const node = (name: string, op: string, inputs: string[]): GraphNode => ({ name, op, inputs, attributes: { T: FLOAT } })
const shown = (nodes: readonly GraphNode[]) =>
  nodes.map(({ name, op, inputs, attributes }) => {
    const type = attributes['T'] ?? attributes['DstT']
    return `${name} = ${op}(${inputs.join(', ')})${type && 'type' in type && type.type === 'bfloat16' ? ' bfloat16' : ''}`
  })

describe('mixed precision', () => {
  it('is of convolutions and what follows them; sums, weights and their gradients are float32', () => {
    const nodes = [
      node('x', 'Placeholder', []),
      node('w', 'ReadVariableOp', []),
      node('y', 'Conv2D', ['x', 'w']),
      node('n', 'FusedBatchNormV3', ['y', 'scale', 'shift', 'mean', 'variance']),
      node('r', 'Relu', ['n']),
      node('m', 'Mean', ['r', 'axes']),
      node('a', 'AddV2', ['n:1', 'm']),
      node('g', 'Conv2DBackpropFilter', ['x', 'sizes', 'r']),
      node('u', 'AddV2', ['g', 'w']),
    ]
    expect(shown(mixedPrecision(nodes, 0))).toEqual([
      'x = Placeholder()',
      'w = ReadVariableOp()',
      'x/bfloat16 = Cast(x) bfloat16',
      'w/bfloat16 = Cast(w) bfloat16',
      'y = Conv2D(x/bfloat16, w/bfloat16) bfloat16',
      'n = FusedBatchNormV3(y, scale, shift, mean, variance) bfloat16',
      'r = Relu(n) bfloat16',
      'r/float32 = Cast(r)',
      'm = Mean(r/float32, axes)',
      // The batch's mean is another output, and stays what it was.
      'a = AddV2(n:1, m)',
      'g/bfloat16 = Conv2DBackpropFilter(x/bfloat16, sizes, r) bfloat16',
      'g = Cast(g/bfloat16)',
      'u = AddV2(g, w)',
    ])
  })

  it('leaves alone what comes before, and what convolutions do not reach', () => {
    const nodes = [node('x', 'Placeholder', []), node('y', 'Conv2D', ['x', 'w']), node('z', 'Relu', ['x'])]
    expect(mixedPrecision(nodes, 2)).toEqual(nodes)
  })

  it('converts a value once, whoever reads it, and control inputs never', () => {
    const nodes = [node('y', 'Conv2D', ['x', 'w']), node('z', 'Conv2D', ['x', 'v']), node('s', 'Mean', ['y', '^z'])]
    const result = mixedPrecision(nodes, 0)
    expect(result.filter(({ name }) => name === 'x/bfloat16')).toHaveLength(1)
    expect(result.at(-1)!.inputs).toEqual(['y/float32', '^z'])
  })

  it('is of the training step only: what evaluates stays as it is', () => {
    const builder = new NetworkBuilder()
    const network = builder.build(builder.head(builder.conv('input', 3, 5), 5))
    const [plain, mixed] = (['float32', 'bfloat16'] as const).map((precision) =>
      compile(network, { training: { ...training, precision } }),
    )
    expect(mixed!.logits).toEqual(plain!.logits)
    const until = plain!.nodes.findIndex(({ name }) => name === 'labels')
    expect(until).toBeGreaterThan(5)
    expect(mixed!.nodes.slice(0, until)).toEqual(plain!.nodes.slice(0, until))
    expect(shown(mixed!.nodes.slice(until)).filter((line) => line.endsWith('bfloat16')).length).toBeGreaterThan(3)
    expect(mixed!.training!.gradients).toEqual(plain!.training!.gradients)
  })
})

describe('what TensorFlow trains in', () => {
  it.each([
    ['flags : fma avx512f avx512_bf16 avx512vbmi', false, ['bfloat16', 'float32']],
    ['flags : fma avx512f amx_bf16 amx_tile', false, ['bfloat16', 'float32']],
    ['flags : fma avx2 avx512f avx512_vnni', false, ['float32']],
    ['', false, ['float32']],
    ['flags : fma avx512_bf16', true, ['float32', 'bfloat16']],
  ])('%j, on a GPU: %s', (cpuinfo, cuda, expected) => expect(precisionsOf({ cuda, cpuinfo })).toEqual(expected))
})
