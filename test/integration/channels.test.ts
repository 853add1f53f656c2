import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { openDataset } from '../../src-main/datasets/open'
import { joinMoments, measureChannels } from '../../src-main/engines/onnxruntime/channels'
import { holdImages } from '../../src-main/engines/onnxruntime/images'
import { createSession, runSession } from '../../src-main/engines/onnxruntime/runtime'
import { saveOnnx } from '../../src-main/formats/onnx/files'
import { writeOnnx } from '../../src-main/formats/onnx/write'
import { loadVectors, varianceOf } from '../../src-main/formats/vectors'
import { writeTinyCifar } from '../fixtures/engines/tiny-cifar'
import { livelyResnet } from '../fixtures/networks'
import { temporaryFolder } from '../fixtures/temporary'

const normalization = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] }
const dir = temporaryFolder('channels')
const address = `cifar10:${join(dir, 'data')}`
beforeAll(() => writeTinyCifar(join(dir, 'data')))

const network = livelyResnet()
const tensors = [
  { tensor: 'conv1_out', axis: 1 },
  { tensor: network.nodes.find(({ op }) => op === 'Flatten')!.outputs[0]!, axis: 1 },
]

/** What onnxruntime gives for these tensors on the same images, reduced here in doubles. */
async function reference(images: number) {
  const dataset = await openDataset(address)
  const loaded = await holdImages(dataset.splits.train, normalization, images)
  const [all] = [...loaded.batches(images)]
  const outputs = tensors.map(({ tensor }) => ({ name: tensor, type: 'float32' as const, shape: undefined }))
  const session = await createSession(writeOnnx({ ...network, outputs }), 1, 'reference')
  const results = await runSession(session, all!.images, all!.shape)
  return new Map(
    [...results].map(([name, { data, shape }]) => {
      const [batch, channels] = shape as [number, number]
      const inner = data.length / batch / channels
      const sums = Array.from({ length: channels }, () => ({ absolute: 0, mean: 0, variance: 0 }))
      const each = (visit: (sum: (typeof sums)[number], value: number) => void) =>
        data.forEach((value, i) => visit(sums[Math.floor(i / inner) % channels]!, value))
      const count = data.length / channels
      each((sum, value) => {
        sum.absolute += Math.abs(value) / count
        sum.mean += value / count
      })
      each((sum, value) => (sum.variance += (value - sum.mean) ** 2 / count))
      return [name, sums]
    }),
  )
}

async function measured(figure: 'absolute' | 'moments', batch: number | string, opset = 17) {
  const model = join(dir, `${figure}-${batch}-${opset}.onnx`)
  const [input] = network.inputs
  await saveOnnx(model, { ...network, opset, inputs: [{ ...input!, shape: [batch, ...input!.shape!.slice(1)] }] })
  const out = `${model}.json`
  const data = { address, normalization }
  const { images } = await measureChannels({ model, data, images: 20, tensors, figure, out })
  return { images, vectors: await loadVectors(out) }
}

describe('figures per channel', () => {
  it.each([
    ['absolute', 'batch', 17, 20],
    ['moments', 'batch', 17, 20],
    ['moments', 'batch', 18, 20],
    ['moments', 6, 17, 20],
    ['absolute', 32, 17, 20],
  ] as const)('%s, batch %s, opset %s', async (figure, batch, opset, images) => {
    const expected = await reference(images)
    const got = await measured(figure, batch, opset)
    expect(got.images).toBe(images)
    for (const { tensor } of tensors)
      expected.get(tensor)!.forEach((channel, c) => {
        const value = got.vectors.get(tensor)![c]!
        expect(Math.abs(value - (figure === 'absolute' ? channel.absolute : channel.mean))).toBeLessThan(1e-5)
        if (figure === 'moments')
          expect(Math.abs(got.vectors.get(varianceOf(tensor))![c]! - channel.variance)).toBeLessThan(
            1e-4 * channel.variance + 1e-9,
          )
      })
  })
})

describe('joining moments', () => {
  it('gives those of the union', () => {
    const of = (values: number[]) => {
      const mean = values.reduce((a, b) => a + b, 0) / values.length
      const variance = values.reduce((a, v) => a + (v - mean) ** 2, 0) / values.length
      return { count: values.length, mean: Float64Array.of(mean), variance: Float64Array.of(variance) }
    }
    // Far from zero: the textbook formula E[x²] − E[x]² would lose the variance.
    const [a, b] = [[1e6 + 1, 1e6 + 2, 1e6 + 4], [1e6 - 3]]
    const joined = joinMoments(joinMoments(undefined, of(a)), of(b))
    const whole = of([...a, ...b])
    expect(joined.count).toBe(4)
    expect(joined.mean[0]).toBeCloseTo(whole.mean[0]!, 8)
    expect(joined.variance[0]).toBeCloseTo(whole.variance[0]!, 8)
  })
})
