import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createSession, runSession } from '../../src-main/engines/onnxruntime/runtime'
import { readOnnx } from '../../src-main/formats/onnx/read'
import { weightless } from '../../src-main/formats/onnx/weightless'
import { writeOnnx } from '../../src-main/formats/onnx/write'
import { samplePath } from '../../src-main/program/sample'
import { concatNetwork, livelyResnet } from '../fixtures/networks'

describe('a model without the weight of its weights', () => {
  const models: [string, () => Uint8Array, number[]][] = [
    ['a ResNet-20 with BN', () => writeOnnx(livelyResnet(20)), [1, 3, 32, 32]],
    ['one that concatenates', () => writeOnnx(concatNetwork()), [1, 3, 8, 8]],
    ['a ResNet-20 from a file', () => readFileSync(samplePath()), [1, 3, 32, 32]],
  ]
  it.each(models)('%s is small, the same graph, and gives numbers', async (_, make, shape) => {
    const bytes = make()
    const light = weightless(bytes)
    expect(light.byteLength).toBeLessThan(100_000)
    const [given, made] = [readOnnx(bytes, 'given'), readOnnx(light, 'made')]
    const ops = (network: typeof given) => network.nodes.map(({ op }) => op).filter((op) => op !== 'ConstantOfShape')
    expect(ops(made)).toEqual(ops(given))
    const session = await createSession(light, 1, 'model')
    const input = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(i))
    const [output] = (await runSession(session, input, shape)).values()
    expect(output!.data.every(Number.isFinite)).toBe(true)
    expect(output!.data.some((value) => Math.abs(value) > 1e-30)).toBe(true)
    await session.release()
  })

  it('stays as it is where the opset lacks ConstantOfShape', () => {
    const bytes = writeOnnx({ ...livelyResnet(8), opset: 8 })
    expect(weightless(bytes)).toBe(bytes)
  })
})
