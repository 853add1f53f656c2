import { describe, expect, it } from 'vitest'
import { findBranches } from '../../src-main/core/coupling/branches'
import { findGroups } from '../../src-main/core/coupling/groups'
import { NetworkBuilder } from '../../src-main/core/graph/builder'
import { foldNorms } from '../../src-main/core/graph/bn-folding'
import { bareLayers, insertNorms, isReinserted, type ChannelMoments } from '../../src-main/core/graph/bn-insertion'
import type { Network } from '../../src-main/core/graph/network'
import { createSubject, pruneSubject, subjectKeep } from '../../src-main/core/pruning/subject'
import { createRandom } from '../../src-main/core/statistics/random'
import { recalibrate } from '../../src-main/engines/onnxruntime/recalibrate'
import { createSession, runSession } from '../../src-main/engines/onnxruntime/runtime'
import { writeOnnx } from '../../src-main/formats/onnx/write'
import { livelyResnet } from '../fixtures/networks'

const random = createRandom(3)
const inputOf = (network: Network) => {
  const shape = [8, ...network.inputs[0]!.shape!.slice(1).map(Number)]
  return { shape, images: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.normal()) }
}

async function outputOf(network: Network, { images, shape }: ReturnType<typeof inputOf>): Promise<Float32Array> {
  const session = await createSession(writeOnnx(network), 1, network.name)
  const [output] = (await runSession(session, images, shape)).values()
  await session.release()
  return output!.data
}

function difference(a: Float32Array, b: Float32Array): number {
  const range = Math.max(...a) - Math.min(...a)
  return Math.max(...a.map((value, i) => Math.abs(value - b[i]!))) / range
}

/** Statistics that need not be the network's: the function is the same with any. */
const anyMoments = (network: Network) =>
  new Map<string, ChannelMoments>(
    bareLayers(network).map(({ tensor, channels }) => [
      tensor,
      {
        mean: Float64Array.from({ length: channels }, () => random.normal()),
        variance: Float64Array.from({ length: channels }, () => random.next() * 2),
      },
    ]),
  )

/** Every kind of layer that BN can be folded into, grouped and transposed ones among them. */
function everyLayer(): Network {
  const b = new NetworkBuilder(createRandom(7))
  const noise = (shape: number[], scale = 0.5) => {
    const length = shape.reduce((x, y) => x * y)
    return Float32Array.from({ length }, () => random.normal() * scale)
  }
  const layer = (op: string, name: string, input: string, shape: number[], bias: number, attributes = {}) => {
    const inputs = [input, b.constant(`${name}.weight`, shape, noise(shape))]
    if (bias > 0) inputs.push(b.constant(`${name}.bias`, [bias], noise([bias])))
    return b.node('LeakyRelu', `${name}.relu`, [b.node(op, name, inputs, attributes)])
  }
  const square = { kernel_shape: [2, 2], strides: [2, 2] }
  let x = layer('Conv', 'conv', 'input', [8, 3, 3, 3], 8, { kernel_shape: [3, 3], pads: [1, 1, 1, 1] })
  x = layer('Conv', 'grouped', x, [8, 4, 1, 1], 0, { kernel_shape: [1, 1], group: 2 })
  x = layer('Conv', 'depthwise', x, [8, 1, 3, 3], 8, { kernel_shape: [3, 3], pads: [1, 1, 1, 1], group: 8 })
  x = layer('ConvTranspose', 'up', x, [8, 4, 2, 2], 4, square)
  x = layer('ConvTranspose', 'grouped.up', x, [4, 3, 2, 2], 0, { ...square, group: 2 })
  // One weight, two readers.
  const shape = [6, 6, 1, 1]
  const shared = b.constant('shared', shape, noise(shape))
  for (const name of ['first', 'second']) x = b.node('LeakyRelu', `${name}.relu`, [b.node('Conv', name, [x, shared])])
  const flat = b.node('Flatten', 'flatten', [b.node('GlobalAveragePool', 'pool', [x])], { axis: 1 })
  let y = layer('Gemm', 'dense', flat, [6, 5], 5, { alpha: 0.5, beta: 2 })
  y = layer('Gemm', 'transposed', y, [7, 5], 1, { transB: 1, beta: 0.5 })
  y = layer('Gemm', 'unbiased', y, [7, 7], 0)
  return b.finish('every', [3, 4, 4], b.dense('fc', y, 7, 4), 4)
}

const networks: [string, Network, number][] = [
  ['a ResNet without BN', foldNorms(livelyResnet(), () => true), 7],
  ['every kind of layer', everyLayer(), 10],
]

describe.each(networks)('%s', (_, network, layers) => {
  const inserted = insertNorms(network, anyMoments(network))
  const input = inputOf(network)

  it('computes the same with BN put back, and with it folded again', async () => {
    expect(inserted.nodes.filter(isReinserted)).toHaveLength(layers)
    const reference = await outputOf(network, input)
    expect(difference(reference, await outputOf(inserted, input))).toBeLessThan(1e-5)
    const back = foldNorms(inserted, isReinserted)
    expect(back.nodes.filter(isReinserted)).toEqual([])
    expect(difference(reference, await outputOf(back, input))).toBeLessThan(1e-6)
  })

  it('has the same groups and branches', () => {
    const [plain, normed] = [network, inserted].map((each) => findGroups(each))
    const figures = (coupling: typeof plain) =>
      coupling!.groups.map(({ id, channels, prunable, stream }) => ({ id, channels, prunable, stream }))
    expect(figures(normed)).toEqual(figures(plain))
    const branches = (coupling: typeof plain) =>
      findBranches(coupling!).map(({ id, groups, output }) => ({ id, groups, output }))
    expect(branches(normed)).toEqual(branches(plain))
  })

  it('is pruned to the same with and without', async () => {
    const plain = createSubject(network)
    const normed = createSubject(inserted, { importance: plain.importance })
    const widths = Object.fromEntries(
      plain.dimensions.map(({ id, channels }, i) => [id, Math.max(1, channels - 1 - (i % 2))]),
    )
    for (const { groups } of plain.branches.slice(0, 1)) for (const id of groups) widths[id] = 0
    expect([...subjectKeep(normed, widths)]).toEqual([...subjectKeep(plain, widths)])
    const reference = await outputOf(pruneSubject(plain, widths), input)
    const pruned = pruneSubject(normed, widths)
    expect(difference(reference, await outputOf(pruned, input))).toBeLessThan(1e-5)
    expect(difference(reference, await outputOf(foldNorms(pruned, isReinserted), input))).toBeLessThan(2e-6)
  })
})

it('lets recalibration repair a pruned network that came without BN', async () => {
  const network = networks[0]![1]
  const input = inputOf(network)
  const session = await createSession(
    writeOnnx({
      ...network,
      outputs: bareLayers(network).map(({ tensor }) => ({ name: tensor, type: 'float32', shape: undefined })),
    }),
    1,
    'statistics',
  )
  const outputs = await runSession(session, input.images, input.shape)
  await session.release()
  const moments = new Map(
    [...outputs].map(([name, { data, shape }]) => {
      const [batch, channels] = shape as [number, number]
      const inner = data.length / batch / channels
      const mean = new Float64Array(channels)
      const variance = new Float64Array(channels)
      const count = data.length / channels
      data.forEach((value, i) => (mean[Math.floor(i / inner) % channels]! += value / count))
      data.forEach((value, i) => {
        const c = Math.floor(i / inner) % channels
        variance[c]! += (value - mean[c]!) ** 2 / count
      })
      return [name, { mean, variance }]
    }),
  )
  const inserted = insertNorms(network, moments)
  const subject = createSubject(inserted)
  const widths = Object.fromEntries(subject.dimensions.map(({ id, channels }) => [id, Math.ceil(channels / 4)]))
  const pruned = pruneSubject(subject, widths)
  const reference = await outputOf(network, input)
  const apart = (other: Float32Array) => other.reduce((sum, value, i) => sum + (value - reference[i]!) ** 2, 0)
  const before = apart(await outputOf(pruned, input))
  const repaired = await recalibrate(pruned, [input], 1)
  const after = apart(await outputOf(repaired, input))
  expect(after).toBeLessThan(0.8 * before)
  expect(
    difference(await outputOf(repaired, input), await outputOf(foldNorms(repaired, isReinserted), input)),
  ).toBeLessThan(1e-5)
  // On the network as it came there is nothing to recalibrate.
  expect(await recalibrate(network, [input], 1)).toBe(network)
})
