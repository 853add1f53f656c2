import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { JobRequest, RunResult } from '../../src-main/contract'
import type { PlanFile } from '../../src-main/core/pruning/plan'
import { createProgram } from '../../src-main/program/create'
import { writeOnnx } from '../../src-main/formats/onnx/write'
import { quickResnet } from '../fixtures/networks'
import { writeTinyCifar } from '../fixtures/engines/tiny-cifar'
import { temporaryFolder } from '../fixtures/temporary'

/** `lupine run --method …` end to end, for every method that is no search; how they resume. */
let folder: string
const program = createProgram()
beforeAll(async () => {
  folder = temporaryFolder('methods')
  await writeFile(join(folder, 'model.onnx'), writeOnnx(quickResnet()))
  await writeTinyCifar(join(folder, 'data'), 30)
})
afterAll(() => program.close())

const request = (name: string, changes: Partial<JobRequest<'run'>> = {}): JobRequest<'run'> => ({
  ...{ model: join(folder, 'model.onnx'), data: `cifar10:${join(folder, 'data')}`, normalize: 'half' },
  ...{ device: 'synthetic:1', method: 'l1', keep: 0.5, epochs: 0, methodEpochs: 1, trainImages: 64, engine: 'wasm' },
  out: join(folder, name),
  ...changes,
})

async function run(name: string, changes: Partial<JobRequest<'run'>> = {}): Promise<RunResult> {
  const started = await program.start('run', request(name, changes))
  if (!started.ok) throw new Error(started.failure.message)
  const finished = await program.finished<'run'>(started.value.id)
  if (!finished.ok) throw Object.assign(new Error(finished.failure.message), { failure: finished.failure })
  return finished.value
}

const planOf = async (name: string): Promise<string> => {
  const plan = JSON.parse(await readFile(join(folder, name, 'plan.json'), 'utf8')) as PlanFile
  return JSON.stringify(plan.groups.map(({ id, keep }) => [id, keep]))
}

describe('methods that are no search', () => {
  test.each(['l1', 'fpgm', 'sfp', 'ghfp'] as const)('%s leaves half of each layer, in a project', async (method) => {
    const result = await run(method, { method })
    expect(result.after.params).toBeLessThan(0.75 * result.before.params)
    expect(result.after.macs).toBeLessThan(0.75 * result.before.macs)
    expect(result.agreement.top1).toBe(1)
    expect(JSON.parse(await planOf(method))).toMatchObject([
      ['block.conv1', { length: 4 }],
      ['down', { length: 8 }],
    ])
  })

  test('meet a budget of MACs, and of measured latency', async () => {
    const macs = await run('macs', { keep: undefined, budget: { macs: 0.8 } })
    expect(macs.after.macs / macs.before.macs).toBeLessThanOrEqual(0.8)
    expect(macs.after.macs / macs.before.macs).toBeGreaterThan(0.7)
    const latency = await run('latency', { keep: undefined, budget: { latency: 0.95 } })
    expect(latency.speedup.predicted).toBeGreaterThan(1 / 0.95)
  })
})
