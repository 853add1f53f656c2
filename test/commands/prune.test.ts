import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { NetworkBuilder } from '../../src-main/core/graph/builder'
import type { Network } from '../../src-main/core/graph/network'
import type { PlanFile } from '../../src-main/core/pruning/plan'
import { createRandom } from '../../src-main/core/statistics/random'
import { loadOnnx, saveOnnx } from '../../src-main/formats/onnx/files'
import { jsonCommandLine } from '../fixtures/command-line'
import { writeTinyCifar } from '../fixtures/engines/tiny-cifar'
import { concatNetwork, livelyResnet } from '../fixtures/networks'
import { temporaryFolder } from '../fixtures/temporary'

/** `prune` on the built command line. */
const dir = temporaryFolder('prune')
const data = `cifar10:${join(dir, 'data')}`
const model = join(dir, 'resnet.onnx')
let calls = 0

interface Answer {
  readonly groups: { id: string; before: number; after: number }[]
  readonly channels: { before: number; after: number }
  readonly equivalence: { maxAbsDiff: number; outputRange: number }
  readonly warnings: string[]
}

const lupine = jsonCommandLine<Answer>({ cwd: dir })
/** Prunes; the plan that was applied comes along. */
function prune(file: string, ...options: string[]) {
  const [out, planOut] = [`${++calls}.onnx`, `${calls}.json`].map((name) => join(dir, name)) as [string, string]
  const { status, answer, stderr } = lupine('prune', file, ...options, '--out', out, '--plan-out', planOut)
  const plan = existsSync(planOut) ? (JSON.parse(readFileSync(planOut, 'utf8')) as PlanFile) : undefined
  return { status, answer, stderr, out, planOut, plan }
}

/** `model` pruned by half, once for all tests. */
const halved = (() => {
  let result: ReturnType<typeof prune> | undefined
  return () => (result ??= prune(model, '--keep', '0.5'))
})()

const kept = ({ plan }: ReturnType<typeof prune>) => plan!.groups.map(({ id, keep }) => [id, keep])
const pruned = ({ answer }: ReturnType<typeof prune>) =>
  answer.groups.filter(({ before, after }) => after < before).map(({ id }) => id)

function expectEquivalent({ status, answer }: ReturnType<typeof prune>): void {
  expect(answer.error).toBeUndefined()
  expect(status).toBe(0)
  expect(answer.equivalence.outputRange).toBeGreaterThan(0)
  expect(answer.equivalence.maxAbsDiff / answer.equivalence.outputRange).toBeLessThan(1e-4)
}

beforeAll(async () => {
  await writeTinyCifar(join(dir, 'data'))
  await saveOnnx(model, { ...livelyResnet(), metadata: { 'lupine.normalize': 'half' } })
})

describe('criteria', () => {
  it('choose different channels, each the same ones again', () => {
    const names = ['l1', 'l2', 'fpgm', 'bn', 'random', 'taylor', 'activation']
    const runs = names.map((name) => prune(model, '--keep', '0.5', '--criterion', name, '--data', data))
    runs.forEach(expectEquivalent)
    for (const { answer } of runs) expect(answer.warnings).toEqual([])
    expect(new Set(runs.map((run) => JSON.stringify(kept(run)))).size).toBeGreaterThanOrEqual(6)
    for (const name of ['random', 'taylor'])
      expect(kept(prune(model, '--keep', '0.5', '--criterion', name, '--data', data))).toEqual(
        kept(runs[names.indexOf(name)]!),
      )
  })

  it('take --next-layer and --seed', () => {
    const l1 = (...options: string[]) => kept(prune(model, '--keep', '0.5', ...options))
    expect(l1('--next-layer')).not.toEqual(kept(halved()))
    expect(l1('--criterion', 'random', '--seed', '1')).not.toEqual(l1('--criterion', 'random', '--seed', '2'))
    const { answer } = prune(model, '--keep', '0.5', '--criterion', 'bn', '--next-layer')
    expect(answer.warnings).toEqual(['The criterion bn does not look at weights: --next-layer changes nothing.'])
  })

  it('that look at data need some', () => {
    expect(prune(model, '--keep', '0.5', '--criterion', 'taylor')).toMatchObject({
      ...{ status: 2, plan: undefined },
      answer: { error: { code: 'criterion-needs-data' } },
    })
  })

  it('that look at BN name the groups that have none', async () => {
    const file = join(dir, 'concat.onnx')
    await saveOnnx(file, concatNetwork())
    const result = prune(file, '--keep', '0.5', '--criterion', 'bn')
    expectEquivalent(result)
    expect(result.answer.warnings).toEqual([
      '3 of 3 groups have nothing the criterion bn looks at and were scored by L2: left, right, mix.',
    ])
    expect(kept(result)).toEqual(kept(prune(file, '--keep', '0.5', '--criterion', 'l2')))
  })
})

describe('what is cut', () => {
  const inner = ['layer1.0.conv1', 'layer2.0.conv1', 'layer3.0.conv1']

  it('is everything inside, but not what is excluded: groups, layers, several of them', () => {
    expect(pruned(halved())).toEqual(inner)
    expect(pruned(prune(model, '--keep', '0.5', '--exclude', inner[0]!, '--exclude', inner[2]!))).toEqual([inner[1]])
    // A layer that makes channels of a group, under its node's name; the group's id is another.
    const last = prune(model, '--keep', '0.5', '--streams', '--exclude', 'layer3.0.conv2')
    expectEquivalent(last)
    expect(pruned(last)).not.toContain('layer3.0.conv2')
    expect(pruned(last)).toContain('layer3.0.conv1')
  })

  it('names the nearest when what is excluded does not exist', () => {
    const { status, answer } = prune(model, '--keep', '0.5', '--exclude', 'layer1.0.cnov1')
    expect(status).toBe(2)
    expect(answer.error).toEqual({
      code: 'group-unknown',
      message: '--exclude names "layer1.0.cnov1", which is no group or layer of this model.',
      hint: 'Did you mean "layer1.0.conv1"? lupine inspect lists the groups and their layers.',
    })
  })

  it('includes residual streams when asked', () => {
    const streams = prune(model, '--keep', '0.5', '--streams')
    expectEquivalent(streams)
    expect(pruned(streams).length).toBeGreaterThan(inner.length)
    expect(streams.answer.channels.after / streams.answer.channels.before).toBeLessThan(0.6)
  })

  it('has widths that are multiples of what was asked', () => {
    const { answer } = prune(model, '--keep', '0.4', '--round', '8')
    expect(answer.groups.filter(({ id }) => inner.includes(id)).map(({ after }) => after)).toEqual([8, 16, 24])
  })
})

describe('a plan', () => {
  it('is for one file, unless forced on another that it fits', async () => {
    const { planOut, out } = halved()
    const other = join(dir, 'other.onnx')
    await saveOnnx(other, { ...livelyResnet(8, 2), metadata: { 'lupine.normalize': 'half' } })
    const refused = prune(other, '--plan', planOut)
    expect(refused).toMatchObject({ status: 3, plan: undefined, answer: { error: { code: 'plan-other-model' } } })
    expect(refused.answer.error!.hint).toContain('--force')
    const forced = prune(other, '--plan', planOut, '--force')
    expectEquivalent(forced)
    expect(forced.answer.warnings[0]).toMatch(/made for another file .*--force/)
    expect((await loadOnnx(forced.out)).initializers.get('layer1.0.conv1.weight')!.shape).toEqual(
      (await loadOnnx(out)).initializers.get('layer1.0.conv1.weight')!.shape,
    )
    const foreign = join(dir, 'foreign.onnx')
    await saveOnnx(foreign, concatNetwork())
    expect(prune(foreign, '--plan', planOut, '--force')).toMatchObject({
      ...{ status: 3, answer: { error: { code: 'plan-unknown-group' } } },
    })
  })

  it('of version 0 is applied, a newer one refused', () => {
    const first = halved()
    const { removedBranches: _, ...old } = first.plan!
    const file = join(dir, 'old.json')
    writeFileSync(file, JSON.stringify({ ...old, version: 0 }))
    const again = prune(model, '--plan', file)
    expect(readFileSync(again.out).equals(readFileSync(first.out))).toBe(true)
    writeFileSync(file, JSON.stringify({ ...old, version: 7 }))
    expect(prune(model, '--plan', file)).toMatchObject({ status: 3, answer: { error: { code: 'plan-version' } } })
  })

  it('does not go with options that choose channels', () => {
    const { planOut } = halved()
    expect(prune(model, '--plan', planOut, '--exclude', 'conv1')).toMatchObject({
      ...{ status: 2, answer: { error: { code: 'prune-usage' } } },
    })
  })
})

describe('unusual networks', () => {
  /** Two outputs of an image of any size, one of them squashed. */
  function twoHeads(): Network {
    const b = new NetworkBuilder(createRandom(5))
    const x = b.node('Relu', 'r1', [b.batchNorm('bn1', b.conv('conv1', 'input', 3, 8, 3), 8)])
    const y = b.node('Relu', 'r2', [b.conv('conv2', x, 8, 8, 3)])
    const scores = b.node('Sigmoid', 'scores', [b.conv('head1', y, 8, 2, 1)])
    const boxes = b.conv('head2', y, 8, 4, 1)
    const network = b.finish('detector', [3, 16, 16], scores, 2)
    return {
      ...network,
      inputs: [{ name: 'input', type: 'float32', shape: ['n', 3, 'h', 'w'] }],
      outputs: [scores, boxes].map((name) => ({ name, type: 'float32', shape: undefined })),
    }
  }

  it('with several outputs and an open image size', async () => {
    const file = join(dir, 'detector.onnx')
    await saveOnnx(file, twoHeads())
    const result = prune(file, '--keep', '0.5')
    expectEquivalent(result)
    expect(pruned(result)).toEqual(['conv1', 'conv2'])
  })

  it('with nothing to cut', async () => {
    const b = new NetworkBuilder(createRandom(0))
    const file = join(dir, 'one.onnx')
    await saveOnnx(file, b.finish('one', [3, 4, 4], b.conv('conv1', 'input', 3, 4, 3), 4))
    const { status, answer, out } = prune(file, '--keep', '0.5')
    expect([status, answer.error?.code, existsSync(out)]).toEqual([3, 'nothing-to-prune', false])
  })
})
