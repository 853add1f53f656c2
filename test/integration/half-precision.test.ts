import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ForwardRequest } from '../../src-main/engines/interface'
import { forwardModel as inOnnxruntime } from '../../src-main/engines/onnxruntime/forward'
import { forwardModel } from '../../src-main/engines/training/forward'
import { openWasm } from '../../src-main/engines/wasm/backend'
import { loadOnnx } from '../../src-main/formats/onnx/files'
import { computesInHalf } from '../../src-main/formats/onnx/half'
import { writeOnnx } from '../../src-main/formats/onnx/write'
import { checkNetwork } from '../../src-main/program/check'
import type { Forwarder } from '../../src-main/program/compare'
import { NetworkBuilder } from '../fixtures/engines/builder'
import { tinyResnet } from '../fixtures/engines/tiny-resnet'
import { halfPrecision } from '../fixtures/half'
import { temporaryFolder } from '../fixtures/temporary'

const reference: Forwarder = { call: (_, request: ForwardRequest) => inOnnxruntime(request) }

/** Its last layer before the Softmax is no output of the file. */
function softClassifier() {
  const b = new NetworkBuilder()
  const x = b.node('Cast', [b.batchNorm(b.conv('input', 3, 8), 8)], { to: 1 })
  return b.build(b.node('Softmax', [b.head(b.node('Relu', [x]), 8)], { axis: 1 }))
}

describe('a file in half precision', () => {
  let folder = ''
  let engine: Forwarder
  beforeAll(async () => {
    folder = temporaryFolder('half')
    const backend = await openWasm()
    engine = { call: (_, request: ForwardRequest) => forwardModel(backend, request) }
  })
  afterAll(() => rm(folder, { recursive: true }))

  test.each([
    ['a residual network', tinyResnet()],
    ['behind a Softmax that is cut', softClassifier()],
  ])('%s: the engine agrees with onnxruntime on the file itself', async (_, network) => {
    const file = join(folder, 'half.onnx')
    await writeFile(file, halfPrecision(network))
    const { outputs, half } = await checkNetwork(await loadOnnx(file), reference, engine, { exported: file })
    expect(outputs[0].maxRelDiff).toBeLessThan(1e-5)
    expect(half).toMatchObject({ agrees: true })
    const { maxRelDiff } = half as { maxRelDiff: number }
    // Rounded on the way, so not the same numbers: really run in half precision.
    expect(maxRelDiff).toBeGreaterThan(1e-5)
    expect(maxRelDiff).toBeLessThan(5e-3)
  })

  test('that was read wrongly is noticed', async () => {
    const file = join(folder, 'other.onnx')
    await writeFile(file, halfPrecision(tinyResnet(2)))
    const { outputs, half } = await checkNetwork(tinyResnet(1), reference, engine, { exported: file })
    expect(outputs[0].maxRelDiff).toBeLessThan(1e-5)
    expect(half).toMatchObject({ agrees: false })
  })

  test('that onnxruntime does not run says so, and is compared in single precision', async () => {
    const file = join(folder, 'damaged.onnx')
    const network = tinyResnet()
    const odd = network.nodes.map((node) => (node.op === 'Relu' ? { ...node, domain: 'of.nobody' } : node))
    await writeFile(file, halfPrecision({ ...network, nodes: odd }))
    const { outputs, half } = await checkNetwork(network, reference, engine, { exported: file })
    expect(outputs[0].maxRelDiff).toBeLessThan(1e-5)
    expect(half).toMatchObject({ refused: expect.stringContaining('of.nobody') })
  })

  test('is told from one in single precision', () => {
    expect(computesInHalf(halfPrecision(tinyResnet()))).toBe(true)
    expect(computesInHalf(writeOnnx(tinyResnet()))).toBe(false)
  })
})
