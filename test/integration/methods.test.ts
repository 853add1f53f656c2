import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runMethod, searchMethod, type JobRequest } from '../../src-main/contract'
import type { PlanFile } from '../../src-main/core/pruning/plan'
import { runMethods } from '../../src-main/core/methods/registry'
import { methodRuns } from '../fixtures/method-runs'

const runs = methodRuns()
const { run } = runs

test.each([
  ['no target', { keep: undefined }, 'no-budget'],
  ['a keep ratio for a search', { method: 'igwo' }, 'method-budget'],
  ['a percentile', { keep: undefined, budget: { latency: 0.9, percentile: 95 } }, 'method-budget'],
  ['an unknown option', { method: 'sfp', methodOptions: { speed: '3' } }, 'method-option'],
  ['a value that is none', { method: 'sfp', methodOptions: { softness: '2' } }, 'method-option'],
] as const)('is told before anything starts: %s', async (_, changes, code) => {
  await expect(run('refused', changes as Partial<JobRequest<'run'>>)).rejects.toMatchObject({ failure: { code } })
})

test('a search prunes residual streams where asked to, and leaves whole what is excluded', async () => {
  const scope = { streams: true, exclude: ['down'] }
  await run('streams', { ...scope, method: 'knapsack', keep: undefined, evaluations: 6, budget: { macs: 0.5 } })
  const { groups } = JSON.parse(await readFile(join(runs.folder, 'streams', 'plan.json'), 'utf8')) as PlanFile
  const kept = new Map(groups.map(({ id, keep }) => [id, keep.length]))
  expect(kept.get('stem')).toBeLessThan(8)
  expect(kept.get('down') ?? 16).toBe(16)
})

test('every method of the contract is described', () => {
  expect(Object.keys(runMethods).sort()).toEqual([...runMethod.options].sort())
  for (const method of searchMethod.options) expect(runMethods[method]!.targets).not.toContain('keep')
})
