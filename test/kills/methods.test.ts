import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { PlanFile } from '../../src-main/core/pruning/plan'
import { writeOnnx } from '../../src-main/formats/onnx/write'
import { methodRuns } from '../fixtures/method-runs'
import { quickPreactivation } from '../fixtures/networks'

/** `lupine run --method …` end to end, for every method that is no search; how they resume. */
const runs = methodRuns()
const { program, request, run } = runs

const planOf = async (name: string): Promise<string> => {
  const plan = JSON.parse(await readFile(join(runs.folder, name, 'plan.json'), 'utf8')) as PlanFile
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

  test.each([
    ['taylor-bn', { rounds: '2', aggregate: 'squared' }],
    ['slimming', { lambda: '0.01' }],
  ] as const)('%s leaves half of all channels', async (method, methodOptions) => {
    const result = await run(method, { method, methodOptions })
    expect(result.after.params).toBeLessThan(0.8 * result.before.params)
    const keep = new Map(JSON.parse(await planOf(method)) as [string, number[]][])
    const channels = { 'block.conv1': 8, down: 16 }
    const left = Object.entries(channels).map(([id, whole]) => keep.get(id)?.length ?? whole)
    expect(left[0]! + left[1]!).toBe(12)
  })

  test('slimming prunes what reads a residual stream by selections, and its plan can be applied again', async () => {
    const model = join(runs.folder, 'preactivation.onnx')
    await writeFile(model, writeOnnx(quickPreactivation()))
    const methodOptions = { selection: 'true' }
    const result = await run('selection', { model, method: 'slimming', methodOptions })
    expect(result.after.macs).toBeLessThan(0.6 * result.before.macs)
    const selected = (JSON.parse(await planOf('selection')) as [string, number[]][]).map(([id]) => id)
    expect(selected.some((id) => id.endsWith('/select'))).toBe(true)
    const [plan, out] = [join(runs.folder, 'selection', 'plan.json'), join(runs.folder, 'again.onnx')]
    const again = await program.call('model.prune', { model, plan, out })
    expect(again).toMatchObject({ ok: true, value: { macs: { after: result.after.macs }, warnings: [] } })
  })

  test('ista lets go of what came to zero, and takes no target', async () => {
    const changes = { method: 'ista', methodEpochs: 2, methodOptions: { rho: '4' } } as const
    await expect(run('ista-refused', changes)).rejects.toMatchObject({ failure: { code: 'method-budget' } })
    const result = await run('ista', { ...changes, keep: undefined })
    expect(result.after.params).toBeLessThan(result.before.params)
  })

  test('ucp comes to one width for layers alike, by its gates or to a target', async () => {
    const whole = await run('ucp-mean', {
      method: 'ucp',
      keep: undefined,
      streams: true,
      methodOptions: { inherit: 'true' },
    })
    expect(whole.after.params).toBeLessThan(whole.before.params)
    const widths = new Map(
      (JSON.parse(await planOf('ucp-mean')) as [string, number[]][]).map(([id, keep]) => [id, keep.length]),
    )
    expect(widths.get('stem')).toBe(widths.get('block.conv1'))
    const half = await run('ucp', { method: 'ucp', epochs: 1 })
    expect(half.after.params).toBeLessThan(0.75 * half.before.params)
  })

  test('are gone on with after a stop, to the same result', async () => {
    for (const [method, after] of [
      ['ghfp', 2],
      ['taylor-bn', 1],
    ] as const) {
      const changes = { method, methodEpochs: 4 }
      await run(`${method}-whole`, changes)
      const name = `${method}-cut`
      const started = await program.start('run', request(name, changes))
      if (!started.ok) throw new Error(started.failure.message)
      const { id } = started.value
      await new Promise<void>((resolve) => {
        let epochs = 0
        const stop = program.subscribe(id, 0, (event) => {
          if (event.type !== 'note' || !event.text.startsWith('epoch ') || ++epochs !== after) return
          void program.call('jobs.cancel', { job: id })
        })
        void program.finished(id).then(() => (stop(), resolve()))
      })
      const resumed = await program.start('resume', { dir: join(runs.folder, name) })
      if (!resumed.ok) throw new Error(resumed.failure.message)
      expect(await program.finished(resumed.value.id)).toMatchObject({ ok: true })
      expect(await planOf(name)).toBe(await planOf(`${method}-whole`))
    }
  })

  test('a search goes on by the schedule of a filter method, or scores what it has trained', async () => {
    const search = { method: 'igwo', keep: undefined, evaluations: 6, refine: 0 } as const
    const scheduled = { ...search, budget: { macs: 0.7 }, methodOptions: { schedule: 'ghfp' } }
    const gradual = await run('scheduled', { ...scheduled, methodEpochs: 2 })
    expect(gradual.after.macs / gradual.before.macs).toBeLessThanOrEqual(0.7)
    expect(gradual.seconds['method']).toBeGreaterThan(0)
    const preset = { preset: 'abcpruner', fitness: '1' }
    const trained = await run('trained', { ...search, evaluations: 3, budget: { macs: 0.8 }, methodOptions: preset })
    expect(trained.after.macs / trained.before.macs).toBeLessThanOrEqual(0.8)
    const journal = await readFile(join(runs.folder, 'trained', 'journal.jsonl'), 'utf8')
    expect(journal.match(/"kind":"trained"/g)!.length).toBeGreaterThanOrEqual(3)
    const widths = (JSON.parse(await planOf('trained')) as [string, number[]][]).map(([id, keep]) => [id, keep.length])
    // Tenths of 8 and of 16, and no branch removed.
    for (const [, width] of widths) expect([1, 2, 3, 4, 5, 6, 7, 9, 11, 12, 14]).toContain(width)
  })

  test('meet a budget of MACs, and of measured latency', async () => {
    const macs = await run('macs', { keep: undefined, budget: { macs: 0.8 } })
    expect(macs.after.macs / macs.before.macs).toBeLessThanOrEqual(0.8)
    expect(macs.after.macs / macs.before.macs).toBeGreaterThan(0.7)
    const latency = await run('latency', { keep: undefined, budget: { latency: 0.95 } })
    expect(latency.speedup.predicted).toBeGreaterThan(1 / 0.95)
  })
})
