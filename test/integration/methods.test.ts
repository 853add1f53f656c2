import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runMethod, searchMethod, type JobRequest, type RunResult } from '../../src-main/contract'
import { runMethods } from '../../src-main/core/methods/registry'
import { createProgram } from '../../src-main/program/create'
import { writeOnnx } from '../../src-main/formats/onnx/write'
import { quickResnet } from '../fixtures/networks'
import { writeTinyCifar } from '../fixtures/engines/tiny-cifar'
import { temporaryFolder } from '../fixtures/temporary'

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

test.each([
  ['no target', { keep: undefined }, 'no-budget'],
  ['a keep ratio for a search', { method: 'igwo' }, 'method-budget'],
  ['a percentile', { keep: undefined, budget: { latency: 0.9, percentile: 95 } }, 'method-budget'],
  ['an unknown option', { method: 'sfp', methodOptions: { speed: '3' } }, 'method-option'],
  ['a value that is none', { method: 'sfp', methodOptions: { softness: '2' } }, 'method-option'],
] as const)('is told before anything starts: %s', async (_, changes, code) => {
  await expect(run('refused', changes as Partial<JobRequest<'run'>>)).rejects.toMatchObject({ failure: { code } })
})

test('every method of the contract is described', () => {
  expect(Object.keys(runMethods).sort()).toEqual([...runMethod.options].sort())
  for (const method of searchMethod.options) expect(runMethods[method]!.targets).not.toContain('keep')
})
