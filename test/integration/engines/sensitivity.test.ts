import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { elementCount, type Network } from '../../../src-main/core/graph/network'
import { toNhwc } from '../../../src-main/engines/compiler/layout'
import { openTensorFlow } from '../../../src-main/engines/tensorflow/backend'
import { LoadedSensitivity, measureSensitivity } from '../../../src-main/engines/training/sensitivity'
import type { Backend } from '../../../src-main/engines/training/session'
import { openWasm } from '../../../src-main/engines/wasm/backend'
import { writeOnnx } from '../../../src-main/formats/onnx/write'
import { loadVectors } from '../../../src-main/formats/vectors'
import { NetworkBuilder } from '../../fixtures/engines/builder'
import { tinyResnet } from '../../fixtures/engines/tiny-resnet'
import { writeTinyCifar } from '../../fixtures/engines/tiny-cifar'
import { labels, noise, relativeError, withoutTensorFlow } from '../../fixtures/engines/tools'
import { temporaryFolder } from '../../fixtures/temporary'

const BATCH = 8

/** A residual network, and one with a BN behind a dense layer and one on a gate: 2-D, and read twice. */
const networks: [string, Network, number[], number][] = [
  ['residual', tinyResnet(3), [BATCH, 3, 32, 32], 10],
  ['dense and gated', gated(), [BATCH, 3, 8, 8], 4],
]

function gated(): Network {
  const b = new NetworkBuilder()
  const x = b.batchNorm(b.conv('input', 3, 6), 6)
  const gate = b.node('Sigmoid', [b.batchNorm(b.conv(x, 6, 6), 6)])
  const pooled = b.node('Flatten', [b.node('GlobalAveragePool', [b.node('Mul', [x, gate])])])
  return b.build(b.gemm(b.node('Relu', [b.batchNorm(b.gemm(pooled, 6, 5), 5)]), 5, 4))
}

const input = (shape: readonly number[]) => toNhwc(noise(elementCount(shape), 4), shape)

/** γ and β of one channel scaled by 1 + by. */
function scaled(network: Network, node: string, channel: number, by: number): Network {
  const initializers = new Map(network.initializers)
  for (const name of network.nodes.find((other) => other.name === node)!.inputs.slice(1, 3)) {
    const tensor = initializers.get(name)!
    const data = Float32Array.from(tensor.data, (value, c) => (c === channel ? value * (1 + by) : value))
    initializers.set(name, { ...tensor, data })
  }
  return { ...network, initializers }
}

function lossOf(backend: Backend, network: Network, shape: readonly number[], wanted: Int32Array): number {
  const model = new LoadedSensitivity(backend, network)
  const { loss } = model.batch(input(shape), wanted)
  model.close()
  return loss
}

const engines: [string, () => Backend | Promise<Backend>, string | undefined][] = [
  ['tensorflow', openTensorFlow, withoutTensorFlow],
  ['wasm', openWasm, undefined],
]

describe.each(engines)('%s', (_, open, missing) => {
  test.skipIf(missing).each(networks)(
    '%s: scores are finite differences of the loss',
    async (_, network, shape, classes) => {
      const backend = await open()
      const wanted = labels(BATCH, classes, 9)
      const model = new LoadedSensitivity(backend, network)
      const { scores } = model.batch(input(shape), wanted)
      model.close()
      const norms = network.nodes.filter(({ op }) => op === 'BatchNormalization')
      expect([...scores.keys()]).toEqual(norms.map(({ name }) => name))
      for (const { name } of norms) {
        const largest = Math.max(...scores.get(name)!.map(Math.abs))
        expect(largest).toBeGreaterThan(1e-5)
        for (const channel of [0, scores.get(name)!.length - 1]) {
          const error = (step: number): number => {
            const [up, down] = [step, -step].map((by) =>
              lossOf(backend, scaled(network, name, channel, by), shape, wanted),
            )
            return Math.abs((up - down) / (2 * step) - scores.get(name)![channel])
          }
          // Kinks of Relu and rounding spoil one step size or another, not all.
          const errors: number[] = []
          const bound = 0.01 * largest + 2e-5
          for (const step of [0.01, 0.003, 0.03, 0.1]) if (!(errors.at(-1)! < bound)) errors.push(error(step))
          expect(errors.at(-1), `${name} ${channel}: ${errors.join(' ')}`).toBeLessThan(bound)
        }
      }
    },
  )
})

test.skipIf(withoutTensorFlow).each(networks)('%s: wasm as TensorFlow', async (_, network, shape, classes) => {
  const wanted = labels(BATCH, classes, 9)
  const [reference, got] = [openTensorFlow(), await openWasm()].map((backend) => {
    const model = new LoadedSensitivity(backend, network)
    const result = model.batch(input(shape), wanted)
    model.close()
    return result
  })
  expect(got.loss).toBeCloseTo(reference.loss, 5)
  for (const [node, scores] of reference.scores) expect(relativeError(got.scores.get(node)!, scores)).toBeLessThan(1e-4)
})

describe('over a data set', () => {
  let folder: string
  beforeAll(async () => {
    folder = temporaryFolder('sensitivity')
    await writeFile(join(folder, 'model.onnx'), writeOnnx(tinyResnet()))
    await writeTinyCifar(join(folder, 'data'))
  })

  test('absolute values are taken per batch, not of the whole', async () => {
    const normalization = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] }
    const request = {
      model: join(folder, 'model.onnx'),
      data: { address: `cifar10:${join(folder, 'data')}`, normalization },
      images: 96,
      seed: 1,
    }
    const steps: number[] = []
    const context = {
      progress: ({ done }: { done: number }) => void steps.push(done),
      signal: new AbortController().signal,
      breathe: () => Promise.resolve(),
    }
    const backend = await openWasm()
    const measure = async (batch: number) => {
      const out = join(folder, `by-${batch}.json`)
      const result = await measureSensitivity(backend, { ...request, batch, out }, context)
      return { result, vectors: await loadVectors(out) }
    }
    const parts = await measure(16)
    expect(parts.result.batches).toBe(6)
    expect(steps).toEqual([1, 2, 3, 4, 5, 6])
    const whole = await measure(96)
    // Mean loss is the same; |mean of scores| ≤ mean of |scores|, and somewhere strictly less.
    expect(parts.result.loss).toBeCloseTo(whole.result.loss, 4)
    let less = 0
    for (const [node, scores] of parts.vectors)
      scores.forEach((score, c) => {
        expect(score).toBeGreaterThanOrEqual(whole.vectors.get(node)![c] - 1e-6)
        if (score > 1.5 * whole.vectors.get(node)![c]) less++
      })
    expect(less).toBeGreaterThan(3)
    // The network it looked at is as it was, so the same again.
    expect((await measure(16)).vectors).toEqual(parts.vectors)
  })
})
