import { expect, test } from 'vitest'
import { runMethod, searchMethod, type JobRequest } from '../../src-main/contract'
import { runMethods } from '../../src-main/core/methods/registry'
import { methodRuns } from '../fixtures/method-runs'

const { run } = methodRuns()

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
