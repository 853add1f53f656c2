import { InferenceSession, Tensor } from 'onnxruntime-node'
import { describe, expect, test } from 'vitest'
import { elementCount, type Network } from '../../../src-main/core/graph/network'
import { beforeFinalActivation } from '../../../src-main/core/graph/outputs'
import type { TrainingOptions } from '../../../src-main/engines/compiler/compile'
import { fromGraph, toNhwc } from '../../../src-main/engines/compiler/layout'
import { isTrainable } from '../../../src-main/engines/compiler/variables'
import { openTensorFlow } from '../../../src-main/engines/tensorflow/backend'
import { LoadedModel } from '../../../src-main/engines/training/model'
import type { Backend } from '../../../src-main/engines/training/session'
import { openWasm } from '../../../src-main/engines/wasm/backend'
import { writeOnnx } from '../../../src-main/formats/onnx/write'
import { NetworkBuilder } from '../../fixtures/engines/builder'
import { cases } from '../../fixtures/engines/cases'
import { labels, moved, noise, relativeError, withoutTensorFlow } from '../../fixtures/engines/tools'

const BATCH = 6
const SHAPE = [BATCH, 3, 8, 8]
const images = noise(elementCount(SHAPE), 3)
const nhwc = toNhwc(images, SHAPE)
const training = { momentum: 0.9, nesterov: false, weightDecay: 0, distillation: 0, temperature: 1 }

async function onnxruntime(network: Network): Promise<Float32Array> {
  const session = await InferenceSession.create(writeOnnx(network))
  const result = await session.run({ input: new Tensor('float32', images, SHAPE) })
  return result[network.outputs[0].name].data as Float32Array
}

/** Each gradient against a central difference of the loss along a random direction. */
function checkGradients(backend: Backend, network: Network, options: TrainingOptions = training): void {
  const model = new LoadedModel(backend, network, { training: options })
  try {
    const wanted = labels(BATCH, 4, 9)
    const { network: cleaned } = model.compiled
    const { gradients } = model.gradients(nhwc, wanted)
    const trainable = model.compiled.variables.filter(isTrainable)
    for (const { tensor, shape, layout } of trainable) {
      const gradient = fromGraph(gradients.get(tensor)!, shape, layout)
      const direction = noise(gradient.length, 11)
      const along = gradient.reduce((sum, value, i) => sum + value * direction[i], 0)
      const scale = Math.sqrt(gradient.reduce((sum, value) => sum + value * value, 0))
      // Kinks (Relu, MaxPool) and rounding spoil a difference at one step size or another, not at all of them.
      const errors = [1e-2, 3e-3, 1e-3, 3e-4, 1e-4].map((step) => {
        const losses = [step, -step].map((by) => {
          model.write(moved(cleaned, tensor, direction, by))
          return model.gradients(nhwc, wanted).loss
        })
        return Math.abs((losses[0] - losses[1]) / (2 * step) - along)
      })
      model.write(network)
      expect(Math.min(...errors), tensor).toBeLessThan(0.01 * Math.abs(along) + 0.005 * scale + 2e-4)
    }
  } finally {
    model.close()
  }
}

const engines: [string, () => Backend | Promise<Backend>, string | undefined][] = [
  ['tensorflow', openTensorFlow, withoutTensorFlow],
  ['wasm', openWasm, undefined],
]

describe.each(engines)('%s', (_, open, missing) => {
  const names = Object.keys(cases)

  test.skipIf(missing).each(names)('%s: forward as in onnxruntime', async (name) => {
    const network = cases[name]()
    const model = new LoadedModel(await open(), network)
    const reference = await onnxruntime(network)
    expect(relativeError(model.logits(nhwc, BATCH), reference)).toBeLessThan(1e-5)
    model.close()
  })

  test.skipIf(missing).each(names)('%s: gradients as by finite differences', async (name) => {
    checkGradients(await open(), cases[name]())
  })

  test.skipIf(missing).each([0.3, 1])(
    'distillation, weight %d: loss by its formula, gradients by differences',
    async (weight) => {
      const backend = await open()
      const [network, teacher] = [new NetworkBuilder(), new NetworkBuilder(undefined, 2)].map((b) =>
        b.build(b.head(b.conv('input', 3, 5), 5)),
      )
      const options = { ...training, teacher, distillation: weight, temperature: 3 }
      const wanted = labels(BATCH, 4, 9)
      const model = new LoadedModel(backend, network, { training: options })
      const [student, taught] = [network, teacher].map((each) => new LoadedModel(backend, each).logits(nhwc, BATCH))
      const expected = [...wanted.keys()].map((row) => {
        const [own, other] = [student, taught].map((values) => [...values.subarray(row * 4, row * 4 + 4)])
        const soft = logSoftmax(own, 3).reduce((sum, value, i) => sum - value * Math.exp(logSoftmax(other, 3)[i]), 0)
        return (weight - 1) * logSoftmax(own, 1)[wanted[row]] + weight * 9 * soft
      })
      const loss = expected.reduce((a, b) => a + b) / BATCH
      expect(model.gradients(nhwc, wanted).loss).toBeCloseTo(loss, 5)
      checkGradients(backend, network, options)
    },
  )

  test.skipIf(missing)('distillation of several outputs, without labels: loss by its formula, gradients', async () => {
    const backend = await open()
    const [network, teacher] = [1, 2].map((seed) => {
      const builder = new NetworkBuilder(undefined, seed)
      const map = builder.node('Sigmoid', [builder.conv('input', 3, 5)])
      const last = builder.node('Sigmoid', [builder.conv(map, 5, 2)])
      const made = builder.build(builder.node('Softmax', [builder.head(map, 5)]))
      return { ...made, outputs: [...made.outputs, { name: last, type: 'float32' as const, shape: undefined }] }
    })
    const options = { ...training, teacher, distillation: 1, temperature: 2 }
    const model = new LoadedModel(backend, network, { training: options })
    const [own, other] = [network, teacher].map((each) => {
      const loaded = new LoadedModel(backend, beforeFinalActivation(each))
      return loaded.outputs(nhwc, BATCH).map(({ data }) => [...data])
    })
    const rows = Array.from({ length: BATCH }, (_, row) => {
      const [x, y] = [own, other].map(([logits]) => logSoftmax(logits.slice(row * 4, row * 4 + 4), 2))
      return -4 * x.reduce((sum, value, i) => sum + value * Math.exp(y[i]), 0)
    })
    const total = (values: readonly number[]) => values.reduce((a, b) => a + b, 0)
    const error =
      total(own[1].map((value, i) => (value - other[1][i]) ** 2)) / total(other[1].map((value) => value ** 2))
    const unlabelled = new Int32Array(BATCH).fill(-1)
    expect(model.gradients(nhwc, unlabelled).loss).toBeCloseTo((total(rows) / BATCH + error) / 2, 4)
    checkGradients(backend, network, options)
  })

  test.skipIf(missing)('smoothed labels: loss by its formula, gradients by differences', async () => {
    const backend = await open()
    const builder = new NetworkBuilder()
    const network = builder.build(builder.head(builder.conv('input', 3, 5), 5))
    const options = { ...training, labelSmoothing: 0.2 }
    const wanted = labels(BATCH, 4, 9)
    const model = new LoadedModel(backend, network, { training: options })
    const logits = model.logits(nhwc, BATCH)
    const losses = [...wanted].map((label, row) => {
      const logs = logSoftmax([...logits.subarray(row * 4, row * 4 + 4)], 1)
      return -logs.reduce((sum, value, i) => sum + value * (i === label ? 0.85 : 0.05), 0)
    })
    expect(model.gradients(nhwc, wanted).loss).toBeCloseTo(losses.reduce((a, b) => a + b) / BATCH, 5)
    checkGradients(backend, network, options)
  })
})

function logSoftmax(values: readonly number[], temperature: number): number[] {
  const total = values.reduce((sum, value) => sum + Math.exp(value / temperature), 0)
  return values.map((value) => value / temperature - Math.log(total))
}
