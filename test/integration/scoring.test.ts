import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { NetworkBuilder } from '../../src-main/core/graph/builder'
import { createRandom } from '../../src-main/core/statistics/random'
import { openDataset } from '../../src-main/datasets/open'
import { classify } from '../../src-main/engines/onnxruntime/classify'
import { holdImages } from '../../src-main/engines/onnxruntime/images'
import { labelRank, meanDivergence, softmaxRows } from '../../src-main/engines/onnxruntime/outputs'
import { recalibrate } from '../../src-main/engines/onnxruntime/recalibrate'
import { Scorer } from '../../src-main/engines/onnxruntime/scorer'
import { saveOnnx } from '../../src-main/formats/onnx/files'
import { writeTinyCifar } from '../fixtures/engines/tiny-cifar'
import { livelyResnet } from '../fixtures/networks'
import { temporaryFolder } from '../fixtures/temporary'

const half = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] }

describe('BN recalibration', () => {
  it.each([[[3]], [[2, 1]]])('sets the running statistics to those of all images, in batches of %j', async (sizes) => {
    // A pointwise convolution that copies its input: BN then sees the images themselves.
    const b = new NetworkBuilder(createRandom(0))
    b.constant('copy.weight', [2, 2, 1, 1], Float32Array.of(1, 0, 0, 1))
    const copied = b.node('Conv', 'copy', ['input', 'copy.weight'], { kernel_shape: [1, 1] })
    const network = b.finish('n', [2, 2, 2], b.batchNorm('bn', copied, 2), 2)
    const images = Float32Array.from({ length: 24 }, (_, i) => Math.sin(i) * (i % 8 < 4 ? 1 : 5) + (i % 8 < 4 ? 3 : -1))
    const channel = (c: number) => Array.from(images).filter((_, i) => Math.floor((i % 8) / 4) === c)
    const batches = sizes.map((size, i) => {
      const from = sizes.slice(0, i).reduce((a, b) => a + b, 0)
      return { images: images.slice(8 * from, 8 * (from + size)), shape: [size, 2, 2, 2] }
    })
    const result = await recalibrate(network, batches, 1)
    for (const c of [0, 1]) {
      const values = channel(c)
      const mean = values.reduce((a, v) => a + v, 0) / values.length
      const variance = values.reduce((a, v) => a + (v - mean) ** 2, 0) / values.length
      expect(result.initializers.get('bn.running_mean')!.data[c]).toBeCloseTo(mean, 5)
      expect(result.initializers.get('bn.running_var')!.data[c]).toBeCloseTo(variance, 4)
    }
    expect(network.initializers.get('bn.running_mean')!.data[0]).toBe(0)
  })

  it('gives layers that shared their statistics statistics of their own', async () => {
    const b = new NetworkBuilder(createRandom(0))
    const first = b.batchNorm('bn1', b.conv('a', 'input', 2, 2, 1), 2)
    const second = b.conv('b', b.node('Relu', 'relu', [first]), 2, 2, 1)
    const shared = ['bn1.weight', 'bn1.bias', 'bn1.running_mean', 'bn1.running_var']
    const network = b.finish('n', [2, 2, 2], b.node('BatchNormalization', 'bn2', [second, ...shared]), 2)
    const images = Float32Array.from({ length: 24 }, (_, i) => Math.sin(i))
    const { nodes, initializers } = await recalibrate(network, [{ images, shape: [3, 2, 2, 2] }], 1)
    const means = ['bn1', 'bn2'].map((name) => nodes.find((node) => node.name === name)!.inputs[3]!)
    const [one, two] = means.map((name) => Array.from(initializers.get(name)!.data))
    expect(one).not.toEqual(two)
    // Means of a linear layer over the images: each is the layer applied to the images' means.
    const mean = (c: number) =>
      Array.from(images).reduce((sum, x, i) => sum + (Math.floor((i % 8) / 4) === c ? x : 0), 0) / 12
    const weight = network.initializers.get('a.weight')!.data
    expect(one![0]).toBeCloseTo(weight[0]! * mean(0) + weight[1]! * mean(1), 5)
  })
})

describe('divergence', () => {
  it('is zero of itself and known for two coins', () => {
    const p = Float32Array.of(0.5, 0.5)
    expect(meanDivergence(p, p, 2)).toBe(0)
    expect(meanDivergence(p, Float32Array.of(0.25, 0.75), 2)).toBeCloseTo(0.5 * Math.log(2) + 0.5 * Math.log(2 / 3), 6)
    expect(meanDivergence(p, Float32Array.of(1, 0), 2)).toBeLessThan(20)
  })

  it('counts a tie against the network', () => {
    expect(labelRank(Float32Array.of(1, 1, 0), 0, 3, 0)).toBe(1)
    expect(Array.from(softmaxRows(Float32Array.of(1000, 1000), 2))).toEqual([0.5, 0.5])
  })
})

describe('the scorer', () => {
  let scorer: Scorer
  let address: string
  let model: string
  const network = livelyResnet()
  beforeAll(async () => {
    const folder = temporaryFolder('scorer')
    model = join(folder, 'm.onnx')
    await writeTinyCifar(join(folder, 'data'))
    address = `cifar10:${join(folder, 'data')}`
    // Its statistics are made those of the images first: else recalibration alone would diverge more than pruning.
    const dataset = await openDataset(address)
    const loaded = await holdImages(dataset.splits.train, half, 64)
    await saveOnnx(model, await recalibrate(network, loaded.batches(256), 1))
    scorer = await Scorer.create({
      model,
      data: { address, normalization: half },
      fitnessImages: 64,
      recalibrationImages: 64,
      threads: 1,
    })
  })

  it('finds that more channels cut diverge more, and gives the same again', async () => {
    const none = await scorer.score({})
    const some = await scorer.score({ 'layer3.0.conv1': 60 })
    const most = await scorer.score({ 'layer1.0.conv1': 2, 'layer2.0.conv1': 2, 'layer3.0.conv1': 2 })
    expect(none.divergence).toBeLessThan(1e-4)
    expect(some.divergence).toBeGreaterThan(10 * none.divergence)
    expect(most.divergence).toBeGreaterThan(some.divergence)
    expect(await scorer.score({ 'layer3.0.conv1': 60 })).toEqual(some)
  })

  it('races on an eighth of the images against a rival, and goes on with what may beat it', async () => {
    const folder = temporaryFolder('race')
    await writeTinyCifar(folder, 1100)
    const data = { address: `cifar10:${folder}`, normalization: half }
    const racing = await Scorer.create({ model, data, fitnessImages: 512, recalibrationImages: 512, threads: 1 })
    const better = { 'layer3.0.conv1': 48 }
    const worse = { 'layer1.0.conv1': 2, 'layer2.0.conv1': 2, 'layer3.0.conv1': 2 }
    const rival = await racing.score(better, {})
    expect(rival.few).toHaveLength(64)
    expect(rival).toMatchObject(await racing.score(better))
    const lost = await racing.score(worse, { rival })
    expect(lost.estimated).toBe(true)
    expect(lost.divergence).toBeGreaterThan(rival.divergence)
    // An estimate of what all images say.
    const whole = await racing.score(worse, {})
    expect(Math.abs(lost.divergence - whole.divergence)).toBeLessThan(0.25 * whole.divergence)
    expect(await racing.score(better, { rival: whole })).toEqual(rival)
    expect(await racing.score(better, { rival })).toEqual(rival)
    // Too few images for one.
    expect((await scorer.score(worse, { rival })).estimated).toBeUndefined()
  })

  it('scores on images the network has not seen, where there are some: all of their test split', async () => {
    const data = { address, normalization: half }
    const request = { model, data, holdout: data, fitnessImages: 1000, recalibrationImages: 64, threads: 1 }
    const held = await Scorer.create(request)
    // The fixture has 300 test images, and 30 for validation.
    expect([held.describe().images, scorer.describe().images]).toEqual([300, 30])
    const plan = { 'layer3.0.conv1': 60 }
    expect((await held.score(plan)).divergence).not.toBe((await scorer.score(plan)).divergence)
    const elsewhere = { ...data, address: 'sample' }
    await expect(Scorer.create({ ...request, holdout: elsewhere })).resolves.toBeInstanceOf(Scorer)
  })

  it('refuses a data set of other classes', async () => {
    const model = join(temporaryFolder('scorer'), 'm.onnx')
    const b = new NetworkBuilder(createRandom(0))
    const pooled = b.node('Flatten', 'f', [b.node('GlobalAveragePool', 'p', [b.conv('c', 'input', 3, 4, 3)])], {
      axis: 1,
    })
    await saveOnnx(model, b.finish('n', [3, 32, 32], b.dense('fc', pooled, 4, 7), 7))
    const request = { fitnessImages: 8, recalibrationImages: 8, threads: 1 }
    await expect(Scorer.create({ ...request, model, data: { address, normalization: half } })).rejects.toThrow(
      /^The network has 7 outputs but cifar10:.* has 10 classes\.$/,
    )
  })

  it('classifies batch by batch as at once', async () => {
    const loaded = await holdImages((await openDataset(address)).splits.test, half, 5)
    const whole = await classify(network, loaded, 1, 8)
    const parts = await classify(network, loaded, 1, 2)
    for (let i = 0; i < whole.values.length; i++) expect(parts.values[i]).toBeCloseTo(whole.values[i]!, 4)
  })
})
