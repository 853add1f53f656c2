import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { filterSchedule, type FilterMethod } from '../../../src-main/core/methods/filters/schedule'
import type { Network } from '../../../src-main/core/graph/network'
import type { DataSource } from '../../../src-main/datasets/dataset'
import type { PruningRegime, Recipe, TrainRequest } from '../../../src-main/engines/interface'
import { openTensorFlow } from '../../../src-main/engines/tensorflow/backend'
import { LoadedModel } from '../../../src-main/engines/training/model'
import type { Backend } from '../../../src-main/engines/training/session'
import { trainModel } from '../../../src-main/engines/training/train'
import { openWasm } from '../../../src-main/engines/wasm/backend'
import { loadOnnx } from '../../../src-main/formats/onnx/files'
import { writeOnnx } from '../../../src-main/formats/onnx/write'
import { quickResnet } from '../../fixtures/networks'
import { callContext } from '../../fixtures/engines/call-context'
import { writeTinyCifar } from '../../fixtures/engines/tiny-cifar'
import { labels, noise, relativeError, withoutTensorFlow } from '../../fixtures/engines/tools'
import { temporaryFolder } from '../../fixtures/temporary'

const recipe: Recipe = {
  ...{ epochs: 4, batch: 32, learningRate: 0.05, momentum: 0.9, nesterov: true, weightDecay: 1e-4 },
  ...{ schedule: 'cosine', warmupEpochs: 0.5, distillation: 0, temperature: 4, crop: 2, flip: true, seed: 7 },
  limit: 64,
}

let folder: string
let data: DataSource
beforeAll(async () => {
  folder = temporaryFolder('regimes')
  await writeFile(join(folder, 'model.onnx'), writeOnnx(quickResnet()))
  await writeTinyCifar(join(folder, 'data'), 30)
  const normalization = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] }
  data = { address: `cifar10:${join(folder, 'data')}`, normalization }
})

const request = (name: string, regime: PruningRegime, changes: Partial<Recipe> = {}): TrainRequest => ({
  ...{ model: join(folder, 'model.onnx'), data, recipe: { ...recipe, ...changes }, regime },
  ...{ out: join(folder, `${name}.onnx`), checkpoints: join(folder, name) },
})

const inner = 'block.conv1'
const filters = (method: FilterMethod, changes = {}): PruningRegime => ({
  kind: 'filters',
  schedule: filterSchedule(method, 0.5, recipe.epochs, changes),
  groups: [inner],
})

const normOf = (network: Network, tensor: string, unit: number): number => {
  const { shape, data } = network.initializers.get(tensor)!
  const size = data.length / shape[0]!
  return Math.hypot(...Array.from(data.subarray(unit * size, (unit + 1) * size), Number))
}

const engines: [string, () => Backend | Promise<Backend>, string | undefined][] = [
  ['tensorflow', openTensorFlow, withoutTensorFlow],
  ['wasm', openWasm, undefined],
]

describe.each(engines)('%s', (engine, open, missing) => {
  test.skipIf(missing)('gradually hard filters: resumed as if never stopped, at zero in the end', async () => {
    const backend = await open()
    const whole = await trainModel(backend, request(`${engine}-whole`, filters('ghfp')), callContext())
    expect(whole.epochs.map(({ pruned }) => pruned!.soft)).toEqual([4, 4, 4, 4])
    // int(8 · 0.5 · λ_t), λ = 1 − (1 − (t + 1)/4)³ = 0.58, 0.875, 0.984, 1.
    expect(whole.epochs.map(({ pruned }) => pruned!.hard)).toEqual([2, 3, 3, 4])

    const cut = trainModel(
      backend,
      request(`${engine}-cut`, filters('ghfp')),
      callContext((p) => p?.epoch === 3 && p.step === 2),
    )
    await expect(cut).rejects.toMatchObject({ failure: { kind: 'interrupted' } })
    const resumed = await trainModel(backend, request(`${engine}-cut`, filters('ghfp')), callContext())
    expect(resumed.resumedFrom).toBe(2)
    expect(resumed.pruned).toEqual(whole.pruned)
    const [a, b] = await Promise.all(['whole', 'cut'].map((name) => loadOnnx(join(folder, `${engine}-${name}.onnx`))))
    for (const [name, { data }] of a!.initializers)
      expect(relativeError(data, b!.initializers.get(name)!.data), name).toBeLessThan(1e-6)
    for (const unit of whole.pruned![inner]!) {
      expect(normOf(a!, 'block.conv1.weight', unit)).toBe(0)
      expect(Math.abs(Number(a!.initializers.get('block.conv1.bn.weight')!.data[unit]))).toBe(0)
      expect(Math.abs(Number(a!.initializers.get('block.conv1.bn.bias')!.data[unit]))).toBe(0)
    }
  })

  test.skipIf(missing)('hard filters stay at zero while others train; soft ones come back', async () => {
    const backend = await open()
    const start = quickResnet()
    const regime = filters('hfp')
    const once = await trainModel(backend, request(`${engine}-hard`, regime), callContext())
    const hard = await loadOnnx(join(folder, `${engine}-hard.onnx`))
    // HFP never chooses again: the four of least norm at the start.
    const weakest = Array.from({ length: 8 }, (_, unit) => unit)
      .sort((x, y) => normOf(start, 'block.conv1.weight', x) - normOf(start, 'block.conv1.weight', y))
      .slice(0, 4)
    expect(once.pruned![inner]).toEqual(weakest.sort((x, y) => x - y))
    expect(weakest.map((unit) => normOf(hard, 'block.conv1.weight', unit))).toEqual([0, 0, 0, 0])

    const { openRegime } = await import('../../../src-main/engines/training/regime')
    const soft = openRegime(filters('sfp'), start)
    const model = new LoadedModel(backend, start, {
      training: { momentum: 0.9, nesterov: false, weightDecay: 0, distillation: 0, temperature: 1, ...soft.options },
    })
    soft.begin(model)
    const pruned = soft.pruned()[inner]!
    expect(pruned.map((unit) => normOf(model.read(), 'block.conv1.weight', unit))).toEqual([0, 0, 0, 0])
    model.step(noise(8 * 3 * 32 * 32, 3), labels(8, 10, 2), 0.01)
    for (const unit of pruned) expect(normOf(model.read(), 'block.conv1.weight', unit)).toBeGreaterThan(0)
    model.close()
  })

  test.skipIf(missing)(
    'a proximal step is sign(γ)·max(|γ − μg| − μρ, 0); a subgradient joins the gradient',
    async () => {
      const network = quickResnet()
      const scale = 'block.conv1.bn.weight'
      const before = network.initializers.get(scale)!.data
      const [rate, strength] = [0.1, 4]
      const stepped = async (step: 'proximal' | 'subgradient') => {
        const sparsity = { step, strengths: { [scale]: strength } }
        const options = { momentum: 0, nesterov: false, weightDecay: 0, distillation: 0, temperature: 1, sparsity }
        const model = new LoadedModel(await open(), network, { training: options })
        const batch = [noise(4 * 3 * 32 * 32, 3), labels(4, 10, 2)] as const
        const { gradients } = model.gradients(...batch)
        model.step(...batch, rate)
        const after = model.read().initializers.get(scale)!.data
        model.close()
        return { after, gradient: gradients.get(scale)! }
      }
      const { after, gradient } = await stepped('proximal')
      before.forEach((gamma, i) => {
        const moved = Number(gamma) - rate * gradient[i]!
        expect(after[i]).toBeCloseTo(Math.sign(moved) * Math.max(Math.abs(moved) - rate * strength, 0), 5)
      })
      const other = await stepped('subgradient')
      before.forEach((gamma, i) => {
        const expected = Number(gamma) - rate * (gradient[i]! + strength * Math.sign(Number(gamma)))
        expect(other.after[i]).toBeCloseTo(expected, 5)
      })
    },
  )
})
