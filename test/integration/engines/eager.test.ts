import type * as TF from '@tensorflow/tfjs-core'
import { createRequire } from 'node:module'
import { beforeAll, expect, test } from 'vitest'
import type { Network } from '../../../src-main/core/graph/network'
import { fromGraph, toGraph, toNhwc } from '../../../src-main/engines/compiler/layout'
import { openTensorFlow } from '../../../src-main/engines/tensorflow/backend'
import { LoadedModel } from '../../../src-main/engines/training/model'
import type { Backend } from '../../../src-main/engines/training/session'
import { openWasm } from '../../../src-main/engines/wasm/backend'
import { tf, type Tensor, type Tensor2D, type Tensor4D } from '../../../src-main/engines/wasm/tfjs'
import { labels, noise, relativeError, withoutTensorFlow } from '../../fixtures/engines/tools'
import { tinyResnet } from '../../fixtures/engines/tiny-resnet'

/**
 * An independent reference: the same network written op by op for TensorFlow.js, with its own gradients, and the
 * optimizer and running statistics as PyTorch documents them.
 */
const BATCH = 4
const STEPS = 3
const [momentum, weightDecay, learningRate, keep] = [0.9, 1e-2, 0.05, 0.9]

interface Forward {
  logits: Tensor2D
  /** Batch mean and unbiased variance per running statistic. */
  statistics: Map<string, Tensor>
}

function forward(network: Network, weights: Map<string, Tensor>, images: Tensor4D): Forward {
  const values = new Map<string, Tensor>([[network.inputs[0].name, images]])
  const statistics = new Map<string, Tensor>()
  for (const { op, inputs, outputs, attributes } of network.nodes) {
    const x = values.get(inputs[0]) as Tensor4D
    const w = (i: number) => weights.get(inputs[i])!
    const compute: Record<string, () => Tensor> = {
      Conv: () => {
        const [stride] = attributes['strides'] as number[]
        return tf.conv2d(
          tf.pad(x, [
            [0, 0],
            [1, 1],
            [1, 1],
            [0, 0],
          ]),
          w(1) as Tensor4D,
          stride,
          'valid',
        )
      },
      BatchNormalization: () => {
        const { mean, variance } = tf.moments(x, [0, 1, 2])
        const count = x.size / mean.size
        statistics.set(inputs[3], mean).set(inputs[4], tf.mul(variance, count / (count - 1)))
        return tf.add(tf.mul(tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 1e-5))), w(1)), w(2))
      },
      Relu: () => tf.relu(x),
      Add: () => tf.add(x, values.get(inputs[1])!),
      Slice: () => tf.maxPool(x, 1, 2, 'valid'),
      Pad: () =>
        tf.pad(x, [
          [0, 0],
          [0, 0],
          [0, 0],
          [2, 2],
        ]),
      GlobalAveragePool: () => tf.mean(x, [1, 2], true),
      Flatten: () => tf.reshape(x, [x.shape[0], -1]),
      Gemm: () => tf.add(tf.matMul(x as never, w(1) as Tensor2D, false, true), w(2)),
    }
    values.set(outputs[0], compute[op]())
  }
  return { logits: values.get(network.outputs[0].name) as Tensor2D, statistics }
}

/** Trains op by op; returns the losses and the tensors as ONNX has them. */
function trainEagerly(network: Network, images: Float32Array, wanted: Int32Array) {
  const floats = [...network.initializers].filter(([, tensor]) => tensor.type === 'float32')
  const layoutOf = (shape: readonly number[]) => (shape.length === 4 ? 'conv' : 'same')
  const shapeOf = (shape: readonly number[]) =>
    shape.length === 4 ? [shape[2], shape[3], shape[1], shape[0]] : [...shape]
  const running = new Set(
    network.nodes.filter(({ op }) => op === 'BatchNormalization').flatMap((n) => n.inputs.slice(3)),
  )
  const variables = new Map<string, TF.Variable>(
    floats.map(([name, { data, shape }]) => {
      const value = tf.tensor(toGraph(data, shape, layoutOf(shape)), shapeOf(shape))
      return [name, tf.variable(value, !running.has(name), name)] as const
    }),
  )
  const trainable = [...variables].filter(([name]) => !running.has(name))
  const velocities = new Map<string, Tensor>(trainable.map(([name, value]) => [name, tf.zerosLike(value)]))
  const x = tf.tensor4d(images, [BATCH, 32, 32, 3])
  const oneHot = tf.oneHot(tf.tensor1d(wanted, 'int32'), 10)
  const losses: number[] = []
  for (let step = 0; step < STEPS; step++) {
    const { value, grads } = tf.variableGrads(
      () => tf.losses.softmaxCrossEntropy(oneHot, forward(network, variables, x).logits),
      trainable.map(([, variable]) => variable),
    )
    losses.push(value.dataSync()[0])
    const { statistics } = forward(network, variables, x)
    for (const [name, batch] of statistics) {
      const variable = variables.get(name)!
      variable.assign(tf.add(tf.mul(variable, keep), tf.mul(batch, 1 - keep)))
    }
    for (const [name, variable] of trainable) {
      const decay = variable.rank > 1 ? weightDecay : 0
      const gradient = tf.add(grads[name], tf.mul(variable, decay))
      const velocity = tf.add(tf.mul(velocities.get(name)!, momentum), gradient)
      velocities.set(name, velocity)
      const move = tf.add(gradient, tf.mul(velocity, momentum))
      variable.assign(tf.sub(variable, tf.mul(move, learningRate)))
    }
  }
  const tensors = floats.map(([name, { shape }]) => {
    return [name, fromGraph(variables.get(name)!.dataSync(), shape, layoutOf(shape))] as const
  })
  return { losses, tensors }
}

const network = tinyResnet()
const images = toNhwc(noise(BATCH * 3 * 32 * 32, 3), [BATCH, 3, 32, 32])
const wanted = labels(BATCH, 10, 4)
let reference: ReturnType<typeof trainEagerly>

beforeAll(async () => {
  // Brings the gradients, and a backend in plain JavaScript.
  createRequire(import.meta.url)('@tensorflow/tfjs')
  await tf.setBackend('cpu')
  reference = trainEagerly(network, images, wanted)
})

const engines: [string, () => Backend | Promise<Backend>, string | undefined][] = [
  ['tensorflow', openTensorFlow, withoutTensorFlow],
  ['wasm', openWasm, undefined],
]

test.skipIf(withoutTensorFlow).each(engines.slice(0, 1))('%s: steps as TensorFlow.js op by op', check)
test.each(engines.slice(1))('%s: steps as TensorFlow.js op by op', check)

async function check(_: string, open: () => Backend | Promise<Backend>): Promise<void> {
  const training = { momentum, nesterov: true, weightDecay, distillation: 0, temperature: 1 }
  const model = new LoadedModel(await open(), network, { training })
  const losses = Array.from({ length: STEPS }, () => model.step(images, wanted, learningRate))
  expect(relativeError(losses, reference.losses)).toBeLessThan(1e-5)
  const trained = model.read()
  for (const [name, data] of reference.tensors)
    expect(relativeError(trained.initializers.get(name)!.data, data), name).toBeLessThan(1e-4)
  model.close()
}
