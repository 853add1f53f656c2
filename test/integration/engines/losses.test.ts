import { describe, expect, test } from 'vitest'
import type { Network } from '../../../src-main/core/graph/network'
import { beforeFinalActivation } from '../../../src-main/core/graph/outputs'
import { compile, type TrainingOptions } from '../../../src-main/engines/compiler/compile'
import { LoadedModel } from '../../../src-main/engines/training/model'
import type { Backend } from '../../../src-main/engines/training/session'
import { NetworkBuilder } from '../../fixtures/engines/builder'
import {
  autodiff,
  BATCH,
  expectDifferences,
  engines,
  expectSame,
  nhwc,
  training,
  wanted,
} from '../../fixtures/engines/gradients'

/** As TensorFlow.js has them, and as finite differences do. */
async function checkGradients(open: () => Backend | Promise<Backend>, network: Network, options: TrainingOptions) {
  const reference = await autodiff(compile(network, { training: options }))
  const model = new LoadedModel(await open(), network, { training: options })
  expectSame(model, reference)
  expectDifferences(model, network)
  model.close()
}

describe.each(engines)('%s', (_, open, missing) => {
  test.skipIf(missing).each([0.3, 1])(
    'distillation, weight %d: loss by its formula, gradients by differences',
    async (weight) => {
      const backend = await open()
      const [network, teacher] = [new NetworkBuilder(), new NetworkBuilder(undefined, 2)].map((b) =>
        b.build(b.head(b.conv('input', 3, 5), 5)),
      )
      const options = { ...training, teacher, distillation: weight, temperature: 3 }
      const model = new LoadedModel(backend, network, { training: options })
      const [student, taught] = [network, teacher].map((each) => new LoadedModel(backend, each).logits(nhwc, BATCH))
      const expected = [...wanted.keys()].map((row) => {
        const [own, other] = [student, taught].map((values) => [...values.subarray(row * 4, row * 4 + 4)])
        const soft = logSoftmax(own, 3).reduce((sum, value, i) => sum - value * Math.exp(logSoftmax(other, 3)[i]), 0)
        return (weight - 1) * logSoftmax(own, 1)[wanted[row]] + weight * 9 * soft
      })
      const loss = expected.reduce((a, b) => a + b) / BATCH
      expect(model.gradients(nhwc, wanted).loss).toBeCloseTo(loss, 5)
      await checkGradients(open, network, options)
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
    await checkGradients(open, network, options)
  })

  test.skipIf(missing)('smoothed labels: loss by its formula, gradients by differences', async () => {
    const backend = await open()
    const builder = new NetworkBuilder()
    const network = builder.build(builder.head(builder.conv('input', 3, 5), 5))
    const options = { ...training, labelSmoothing: 0.2 }
    const model = new LoadedModel(backend, network, { training: options })
    const logits = model.logits(nhwc, BATCH)
    const losses = [...wanted].map((label, row) => {
      const logs = logSoftmax([...logits.subarray(row * 4, row * 4 + 4)], 1)
      return -logs.reduce((sum, value, i) => sum + value * (i === label ? 0.85 : 0.05), 0)
    })
    expect(model.gradients(nhwc, wanted).loss).toBeCloseTo(losses.reduce((a, b) => a + b) / BATCH, 5)
    await checkGradients(open, network, options)
  })
})

function logSoftmax(values: readonly number[], temperature: number): number[] {
  const total = values.reduce((sum, value) => sum + Math.exp(value / temperature), 0)
  return values.map((value) => value / temperature - Math.log(total))
}
