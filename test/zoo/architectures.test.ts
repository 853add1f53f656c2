import { expect, test } from 'vitest'
import { architectureNames, createArchitecture } from '../../src-main/core/graph/architectures'
import { networkCost } from '../../src-main/core/graph/cost'
import { createSubject, pruneSubject } from '../../src-main/core/pruning/subject'
import { openTensorFlow } from '../../src-main/engines/tensorflow/backend'
import { LoadedModel } from '../../src-main/engines/training/model'
import { openWasm } from '../../src-main/engines/wasm/backend'
import { readOnnx } from '../../src-main/formats/onnx/read'
import { writeOnnx } from '../../src-main/formats/onnx/write'
import { forward } from '../fixtures/forward'
import { noise, withoutTensorFlow } from '../fixtures/engines/tools'

/** Those whose weights take a while to draw; the others are in test/unit. Published by torchvision where for ILSVRC. */
test.each([
  ['vgg19', 10, 32, 20_035_018, 398_136_320],
  ['resnet18', 10, 32, 11_173_962, 555_422_720],
  ['resnet34', 10, 32, 21_282_122, 1_159_402_496],
  ['resnet50', 10, 32, 23_520_842, 1_297_829_888],
  ['resnet101', 10, 32, 42_512_970, 2_509_983_744],
  ['resnet152', 10, 32, 58_156_618, 3_722_137_600],
  ['resnet18', 1000, 224, 11_689_512, 1_814_073_344],
  ['resnet34', 1000, 224, 21_797_672, 3_663_761_408],
  ['resnet50', 1000, 224, 25_557_032, 4_089_184_256],
  ['resnet101', 1000, 224, 44_549_160, 7_801_405_440],
  ['resnet152', 1000, 224, 60_192_808, 11_513_626_624],
  // torchvision's have biases in their convolutions as well, one per BN channel: 4,224 and 5,504.
  ['vgg16', 1000, 224, 138_365_992 - 4224, 15_470_264_320],
  ['vgg19', 1000, 224, 143_678_248 - 5504, 19_632_062_464],
] as const)('%s for %i classes at %i pixels has the published size', (name, classes, size, params, macs) => {
  const cost = networkCost(createArchitecture(name, classes, [3, size, size], 0))
  expect([cost.params, cost.macs]).toEqual([params, macs])
})

const backend = withoutTensorFlow ? openWasm() : openTensorFlow()
const training = { momentum: 0.9, nesterov: true, weightDecay: 1e-4, distillation: 0, temperature: 4 }

test.each(architectureNames)('%s groups, prunes to half, trains a step and exports', async (name) => {
  const subject = createSubject(createArchitecture(name, 10, [3, 32, 32], 0))
  expect(subject.dimensions.length).toBeGreaterThan(5)
  const widths = Object.fromEntries(subject.dimensions.map(({ id, channels }) => [id, Math.ceil(channels / 2)]))
  const half = pruneSubject(subject, widths)
  expect(networkCost(half).macs).toBeLessThan(0.6 * subject.cost.macs)
  // As users train it.
  const [precision] = (await backend).describe().precisions
  const model = new LoadedModel(await backend, half, { training: { ...training, precision } })
  try {
    const loss = model.step(noise(4 * 3 * 32 * 32, 1), Int32Array.of(1, 2, 3, 4), 0.01)
    expect(loss).toBeGreaterThan(0)
    expect(loss).toBeLessThan(100)
    const exported = readOnnx(writeOnnx(model.read()), name)
    expect(networkCost(exported)).toMatchObject({ macs: networkCost(half).macs, params: networkCost(half).params })
    const [outputs] = await forward(exported)
    expect(outputs).toHaveLength(20)
    expect(outputs!.every(Number.isFinite)).toBe(true)
  } finally {
    model.close()
  }
})
