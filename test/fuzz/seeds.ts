import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createResnet } from '../../src-main/core/graph/architectures'
import { NetworkBuilder } from '../../src-main/core/graph/builder'
import type { Network, Tensor } from '../../src-main/core/graph/network'
import { createRandom } from '../../src-main/core/statistics/random'
import { writeOnnx } from '../../src-main/formats/onnx/write'
import { concatNetwork, flatteningNetwork } from '../fixtures/networks'

export interface Seed {
  readonly name: string
  readonly bytes: Uint8Array
}

/** Shape arithmetic, transposes, a constant behind a layer, a resize by computed sizes: what clean-up works on. */
export function noisyNetwork(): Network {
  const b = new NetworkBuilder(createRandom(6))
  const constant = (name: string, shape: number[]) =>
    b.constant(name, shape, new Float32Array(shape.reduce((a, c) => a * c, 1)).fill(0.5))
  let x = b.node('Transpose', 'in', ['input'], { perm: [0, 3, 1, 2] })
  x = b.node('Transpose', 'back', [b.conv('conv1', x, 3, 6, 3)], { perm: [0, 2, 3, 1] })
  x = b.node('Mul', 'scale', [b.node('Sub', 'mean', [x, constant('m', [1, 1, 1, 6])]), constant('s', [6])])
  x = b.node('Transpose', 'again', [b.node('Relu', 'relu1', [x])], { perm: [0, 3, 1, 2] })
  const size = b.node('Shape', 'shape', [x])
  const pick = (name: string, index: number[]) =>
    b.node('Gather', name, [size, b.integers(`${name}.i`, index)], { axis: 0 })
  const doubled = b.node('Mul', 'double', [pick('hw', [2, 3]), b.integers('two', [2, 2])])
  const sizes = b.node('Concat', 'sizes', [pick('nc', [0, 1]), doubled], { axis: 0 })
  x = b.node('Resize', 'resize', [x, '', '', sizes], { mode: 'nearest' })
  x = b.node('MaxPool', 'pool', [x], { kernel_shape: [2, 2], strides: [2, 2] })
  const halves = b.node('Slice', 'slice', [x, b.integers('s0', [0]), b.integers('s1', [3]), b.integers('ax', [1])])
  x = b.node('Concat', 'concat', [halves, x], { axis: 1 })
  x = b.node('ReduceMean', 'mean2', [b.conv('conv2', x, 9, 5, 1)], { axes: [2, 3], keepdims: 1 })
  const target = b.node('Concat', 'target', [pick('n', [0]), b.integers('minus', [-1])], { axis: 0 })
  return b.finish('noisy', [8, 8, 3], b.dense('fc', b.node('Reshape', 'flat', [x, target]), 5, 4), 4)
}

/** The same network with its weights made at run time, as "light" models have them. */
function weightless(network: Network): Network {
  const initializers = new Map<string, Tensor>()
  const makers = [...network.initializers].flatMap(([name, tensor]) => {
    if (tensor.type !== 'float32' || tensor.shape.length < 2) {
      initializers.set(name, tensor)
      return []
    }
    const data = Float64Array.from(tensor.shape)
    initializers.set(`${name}.shape`, { type: 'int64', shape: [data.length], data })
    const value: Tensor = { type: 'float32', shape: [1], data: Float32Array.of(0.1) }
    return [
      { name, op: 'ConstantOfShape', domain: '', inputs: [`${name}.shape`], outputs: [name], attributes: { value } },
    ]
  })
  return { ...network, initializers, nodes: [...makers, ...network.nodes] }
}

/** Models to damage; with ../shared also real ones of at most 400 KB. */
export function seeds(withShared: boolean): Seed[] {
  const made = [
    createResnet(8, 10, [3, 16, 16], 1),
    flatteningNetwork(),
    concatNetwork(),
    noisyNetwork(),
    weightless(concatNetwork()),
    { ...createResnet(8, 10, [3, 16, 16], 2), opset: 9 },
  ].map((network, i) => ({ name: `${network.name}-${i}`, bytes: writeOnnx(network) }))
  const folder = resolve(import.meta.dirname, '../../../shared/data/zoo/onnx')
  if (!withShared || !existsSync(folder)) return made
  const files = readdirSync(folder).filter(
    (file) => file.endsWith('.onnx') && statSync(join(folder, file)).size < 400_000,
  )
  return [...made, ...files.map((file) => ({ name: file, bytes: new Uint8Array(readFileSync(join(folder, file))) }))]
}
