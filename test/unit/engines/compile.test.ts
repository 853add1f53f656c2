import { describe, expect, test } from 'vitest'
import type { LupineError } from '../../../src-main/core/failure'
import { createResnet } from '../../../src-main/core/graph/architectures'
import type { Network } from '../../../src-main/core/graph/network'
import { compile, type CompileOptions } from '../../../src-main/engines/compiler/compile'
import { parseRef } from '../../../src-main/engines/compiler/graph'
import { lowerings } from '../../../src-main/engines/compiler/lowering'
import { kernels } from '../../../src-main/engines/wasm/kernels'
import { NetworkBuilder } from '../../fixtures/engines/builder'
import { cases } from '../../fixtures/engines/cases'

const training = { momentum: 0.9, nesterov: true, weightDecay: 1e-4, distillation: 0, temperature: 4 }

const failureOf = (network: Network, options?: CompileOptions) => {
  try {
    compile(network, options)
    return undefined
  } catch (error) {
    return (error as LupineError).failure
  }
}

const classifier = (write: (b: NetworkBuilder) => string): Network => {
  const builder = new NetworkBuilder()
  return builder.build(write(builder))
}

describe('compile', () => {
  const network = createResnet(20, 10, [3, 32, 32], 1)

  test('nodes are in topological order and every reference exists', () => {
    const { nodes } = compile(network, { training })
    const seen = new Set<string>()
    for (const node of nodes) {
      for (const input of node.inputs) expect(seen, node.name).toContain(parseRef(input.replace(/^\^/, '')).node)
      expect(seen).not.toContain(node.name)
      seen.add(node.name)
    }
  })

  test('has a variable per weight and a velocity per trainable one', () => {
    const { variables, training: endpoints } = compile(network, { training })
    expect(variables).toHaveLength(19 + 19 * 4 + 2)
    expect(endpoints!.velocities.size).toBe(19 + 19 * 2 + 2)
    expect([...endpoints!.gradients.keys()].sort()).toEqual([...endpoints!.velocities.keys()].sort())
  })

  test('decays weights only', () => {
    const { nodes } = compile(network, { training })
    const decayed = nodes.filter(({ op, inputs }) => op === 'Mul' && inputs[0].startsWith('network/'))
    expect(decayed).toHaveLength(20)
  })

  test('computes no gradient of the images', () => {
    const { nodes } = compile(network, { training })
    const count = (op: string) => nodes.filter((node) => node.op === op).length
    expect(count('Conv2DBackpropFilter')).toBe(19)
    expect(count('Conv2DBackpropInput')).toBe(18)
  })

  test('a batch fixed by the exporter does not fix the graph', () => {
    const [input] = network.inputs
    const fixed = { ...network, inputs: [{ ...input, shape: [1, 3, 32, 32] }] }
    const { nodes } = compile(fixed)
    const placeholder = nodes.find((node) => node.name === 'input')!
    expect(placeholder.attributes['shape']).toEqual({ shape: [-1, 32, 32, 3] })
  })

  test('trains on the logits before a final Softmax', () => {
    const soft = classifier((b) => b.node('Softmax', [b.head(b.conv('input', 3, 4), 4)], { axis: 1 }))
    const { logits, outputs } = compile(soft, { training })
    expect(logits!.tensor).toMatch(/^Gemm/)
    expect(outputs[0].tensor).toMatch(/^Softmax/)
  })

  test('wasm has a kernel for everything the compiler writes', () => {
    const special = ['Placeholder', 'Const', 'VarHandleOp']
    const options = { training: { ...training, teacher: cases['Relu'](), distillation: 0.5 } }
    for (const [name, make] of Object.entries(cases)) {
      const ops = new Set(compile(make(), options).nodes.map((node) => node.op))
      expect(
        [...ops].filter((op) => !kernels[op] && !special.includes(op)),
        name,
      ).toEqual([])
    }
  })

  test('what depends on the layout says so, and shapes are known: TensorFlow may turn the graph for a GPU', () => {
    const dependent =
      /^(Conv2D|DepthwiseConv2dNative)(Backprop(Filter|Input))?$|^(Max|Avg)Pool(Grad)?$|^BiasAdd(Grad)?$|^FusedBatchNorm/
    const seen = new Set<string>()
    for (const [name, make] of Object.entries(cases))
      for (const { op, attributes } of compile(make(), { training }).nodes) {
        if (dependent.test(op)) expect(attributes['data_format'], `${name}: ${op}`).toEqual({ string: 'NHWC' })
        if (op === 'Placeholder' || op === 'VarHandleOp') expect(attributes['shape'], name).toHaveProperty('shape')
        if (attributes['data_format']) seen.add(op)
      }
    expect([...seen].filter((op) => !dependent.test(op))).toEqual([])
    expect(seen.size).toBe(14)
  })

  test('the cases use every lowering', () => {
    // Cleaning rewrites some operators before they are lowered.
    const used = new Set(Object.values(cases).flatMap((make) => compile(make()).network.nodes.map((node) => node.op)))
    // Folded or dropped when a model is imported, and trivial here.
    const trivial = ['Identity', 'Dropout']
    expect(Object.keys(lowerings).filter((op) => !used.has(op) && !trivial.includes(op))).toEqual([])
  })
})

describe('compile refuses', () => {
  test('an op without a row, naming op and node', () => {
    const odd = classifier((b) => b.head(b.node('Rotate', ['input']), 3))
    expect(failureOf(odd)).toMatchObject({ kind: 'input', code: 'engine-op-unsupported' })
    expect(failureOf(odd)!.message).toContain('Rotate node_Rotate_0')
  })

  test.each<[string, (b: NetworkBuilder) => string]>([
    [
      'an unknown way to pad',
      (b) => b.head(b.node('Pad', ['input', b.ints([0, 0, 1, 1, 0, 0, 1, 1])], { mode: 'x' }), 3),
    ],
    [
      'Resize by unknown coordinates',
      (b) =>
        b.head(
          b.node(
            'Resize',
            ['input', '', b.tensor({ type: 'float32', shape: [4], data: Float32Array.of(1, 1, 2, 2) })],
            {
              coordinate_transformation_mode: 'tf_crop_and_resize',
            },
          ),
          3,
        ),
    ],
    ['computed convolution weights', (b) => b.head(b.node('Conv', ['input', 'input']), 3)],
    ['a Reshape that moves the batch', (b) => b.node('Reshape', ['input', b.ints([-1, 4])])],
  ])('%s', (_, write) => {
    expect(failureOf(classifier(write))).toMatchObject({ kind: 'input', code: 'engine-op-unsupported' })
  })

  test('two inputs', () => {
    const network = classifier((b) => b.head('input', 3))
    const more = { ...network, inputs: [...network.inputs, { ...network.inputs[0], name: 'second' }] }
    expect(failureOf(more)).toMatchObject({ kind: 'input', code: 'engine-inputs' })
  })

  test('an unknown image size', () => {
    const network = classifier((b) => b.head(b.conv('input', 3, 4), 4))
    const open = { ...network, inputs: [{ ...network.inputs[0], shape: ['batch', 3, 'height', 'width'] }] }
    expect(failureOf(open)).toMatchObject({ kind: 'input', code: 'engine-shape-unknown' })
  })

  test('a teacher of other classes or other images', () => {
    const student = classifier((b) => b.head(b.conv('input', 3, 4), 4))
    const teach = (teacher: Network) => failureOf(student, { training: { ...training, teacher, distillation: 0.5 } })
    const fiveClasses = new NetworkBuilder()
    expect(teach(fiveClasses.build(fiveClasses.head('input', 3, 5), 5))).toMatchObject({ code: 'engine-teacher' })
    const larger = new NetworkBuilder([3, 9, 9])
    expect(teach(larger.build(larger.head('input', 3)))).toMatchObject({ code: 'engine-teacher' })
  })

  test('a weight read as two kinds of thing', () => {
    const shared = classifier((b) => {
      const x = b.conv('input', 3, 3)
      const w = b.weight([3, 1, 1, 1], 1)
      const separate = b.node('Conv', [x, w], { group: 3 })
      const first = b.node('Slice', [separate, b.ints([0]), b.ints([1]), b.ints([1])])
      return b.head(b.node('Conv', [first, w]), 3)
    })
    expect(failureOf(shared)).toMatchObject({ kind: 'input', code: 'engine-weight-shared' })
  })
})
