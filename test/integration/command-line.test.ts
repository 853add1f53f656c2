import { copyFileSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { saveOnnx } from '../../src-main/formats/onnx/files'
import { jsonCommandLine } from '../fixtures/command-line'
import { writeTinyCifar } from '../fixtures/engines/tiny-cifar'
import { livelyResnet, quickResnet } from '../fixtures/networks'
import { temporaryFolder } from '../fixtures/temporary'

const dir = temporaryFolder('cli')
const model = join(dir, 'model.onnx')
const quick = join(dir, 'quick.onnx')

const lupine = jsonCommandLine({ cwd: dir })

// The sample, of which every process draws thousands of images, is run in test/kills and test/e2e.
const data = `cifar10:${join(dir, 'images')}`
const runOptions = ['--data', data, '--device', 'local?threads=1', '--budget', 'latency=0.7']

const metadata = { 'lupine.normalize': 'half' }
beforeAll(async () => {
  await writeTinyCifar(join(dir, 'images'), 200)
  await saveOnnx(model, { ...livelyResnet(), metadata })
  await saveOnnx(quick, { ...quickResnet(), metadata })
})

describe('results', () => {
  it('inspects', () => {
    const { status, answer } = lupine('inspect', model)
    expect(status).toBe(0)
    expect(answer).toMatchObject({ format: 'onnx', opset: 17, opaque: [], params: 75_290 })
  })

  it('prunes by half, and the same again by the plan it wrote', () => {
    const [half, again, plan] = ['half.onnx', 'again.onnx', 'plan.json'].map((name) => join(dir, name)) as [
      string,
      string,
      string,
    ]
    const first = lupine('prune', model, '--keep', '0.5', '--out', half, '--plan-out', plan).answer as unknown as {
      macs: { before: number; after: number }
      equivalence: { maxAbsDiff: number; outputRange: number }
    }
    expect(first.macs.after / first.macs.before).toBeLessThan(0.6)
    expect(first.equivalence.maxAbsDiff / first.equivalence.outputRange).toBeLessThan(1e-4)
    expect(lupine('prune', model, '--plan', plan, '--out', again).status).toBe(0)
    expect(readFileSync(again).equals(readFileSync(half))).toBe(true)
  })
})

describe('bad input', () => {
  const truncated = join(dir, 'truncated.onnx')
  const foreign = join(dir, 'foreign.onnx')
  const short = join(dir, 'cifar')
  beforeAll(() => {
    copyFileSync(model, truncated)
    truncateSync(truncated, 100_000)
    writeFileSync(foreign, 'PK\x03\x04 not a network')
    mkdirSync(short)
    for (const name of ['data_batch_1', 'data_batch_2', 'data_batch_3', 'data_batch_4', 'data_batch_5', 'test_batch'])
      writeFileSync(
        join(short, `${name}.bin`),
        Buffer.alloc(3073 * (name === 'data_batch_3' ? 4 : 2) - (name === 'data_batch_3' ? 10 : 0)),
      )
  })

  it.each([
    ['a missing model', ['inspect', 'nowhere.onnx'], 3, 'model-missing', /^There is no file nowhere\.onnx\.$/],
    [
      'a truncated model',
      ['inspect', truncated],
      3,
      'onnx-truncated',
      /truncated\.onnx ends before the model does \(100000 bytes\)/,
    ],
    ['a foreign file', ['inspect', foreign], 3, 'onnx-foreign', /foreign\.onnx is a zip archive/],
    [
      'a truncated model, for a run',
      ['run', truncated, ...runOptions, '--out', join(dir, 'r1')],
      3,
      'onnx-truncated',
      /truncated\.onnx/,
    ],
    ['no data folder', ['evaluate', model, '--data', 'cifar10:/nowhere'], 3, 'dataset-missing', /\/nowhere/],
    [
      'a row short in a batch file',
      ['evaluate', model, '--data', `cifar10:${short}`],
      3,
      'dataset-truncated',
      /data_batch_3\.bin/,
    ],
    [
      'a budget of nothing',
      ['run', model, ...runOptions.slice(0, 4), '--budget', 'latency=0', '--out', join(dir, 'r2')],
      2,
      'budget-syntax',
      /latency=0/,
    ],
    ['an unknown device', ['profile', model, '--device', 'toaster'], 2, 'device-address', /"toaster" is not a device/],
    ['an unknown command', ['fly'], 2, 'command-unknown', /"fly"/],
    ['a forgotten option', ['prune', model, '--keep', '0.5'], 2, 'option-missing', /needs --out/],
    ['keep and plan at once', ['prune', model, '--out', 'x.onnx'], 2, 'prune-usage', /either --keep or --plan/],
    [
      'an unknown criterion',
      ['prune', model, '--keep', '0.5', '--criterion', 'luck', '--out', 'x.onnx'],
      2,
      'criterion-unknown',
      /"luck"/,
    ],
    ['a folder that is no project', ['resume', dir], 3, 'project-missing', /no project\.json/],
    [
      'a method that is none',
      ['run', model, ...runOptions, '--method', 'magic', '--out', join(dir, 'r3')],
      2,
      'request-invalid',
      /method/,
    ],
  ])('%s: named, with the way out', (_what, args, status, code, message) => {
    const result = lupine(...args)
    expect(result.answer.error).toMatchObject({ code, message: expect.stringMatching(message) as string })
    expect(result.answer.error!.hint).not.toBe('')
    expect(result.status).toBe(status)
  })

  it('a budget below what can be reached names the smallest', () => {
    const { status, answer } = lupine(
      'search',
      model,
      '--data',
      data,
      '--device',
      'local',
      '--budget',
      'macs=0.001',
      '--evaluations',
      '4',
      '--out',
      join(dir, 'p.json'),
    )
    expect(status).toBe(3)
    expect(answer.error).toMatchObject({ code: 'budget-unreachable' })
    expect(answer.error!.message).toMatch(
      /^The budget \(macs 0\.001\) is below what can be reached: at least macs 0\.\d+\.$/,
    )
  })
})
