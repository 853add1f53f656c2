import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { runMethod, searchMethod } from '../../src-main/contract'
import { cleanNetwork } from '../../src-main/core/graph/clean'
import { planFile, type PlanFile } from '../../src-main/core/pruning/plan'
import { runMethods } from '../../src-main/core/methods/registry'
import { createSubject, subjectKeep } from '../../src-main/core/pruning/subject'
import { openDevice } from '../../src-main/devices/open'
import { loadOnnx, saveOnnx } from '../../src-main/formats/onnx/files'
import { saveVectors } from '../../src-main/formats/vectors'
import { createProgram } from '../../src-main/program/create'
import { resolveData } from '../../src-main/program/data-source'
import { runRatioSearch } from '../../src-main/program/ratio-search'
import { samplePath } from '../../src-main/program/sample'
import { Job } from '../../src-main/runs/job'
import { MemoJournal } from '../../scripts/bench/memo-journal'
import { temporaryFolder } from '../fixtures/temporary'

/** The sample, pruned by every method there is: what each of them keeps. */
const sample = samplePath()
const folder = temporaryFolder('every-method')
const program = createProgram()
afterAll(() => program.close())
const kept = new Map<string, string>()
const note = (method: string, { groups }: PlanFile): void =>
  void kept.set(method, JSON.stringify(groups.map(({ id, keep }) => [id, keep])))
const trained = runMethod.options.filter((method) => !(searchMethod.options as readonly string[]).includes(method))

const subject = createSubject(cleanNetwork(await loadOnnx(sample)))
const [working, importance] = ['working.onnx', 'importance.json'].map((name) => join(folder, name)) as [string, string]
await saveOnnx(working, subject.network)
await saveVectors(importance, subject.importance)
// All searches share what one of them had evaluated.
const journal = new MemoJournal(join(folder, 'journal.jsonl'))

test.each(searchMethod.options)('%s finds a plan within the budget', async (method) => {
  const search = {
    ...{ subject, working, importance, method, seed: 0, evaluations: 40 },
    data: (await resolveData(sample, 'sample')).source,
    device: openDevice('synthetic:1'),
    budget: { macs: 0.7 },
    journal,
    images: { fitness: 128, recalibration: 64 },
    onStage: () => undefined,
  }
  const { chosen } = await runRatioSearch(search, new Job(method, 'search'))
  note(method, planFile(subject.coupling, subject.branches, subjectKeep(subject, chosen.widths), ''))
})

test.each(trained)('%s prunes', async (method) => {
  const out = join(folder, method)
  const target = method === 'ista' ? {} : { budget: { macs: 0.7 } }
  // A large rate, so that a dozen steps move filters as far as a training does.
  const moving: Record<string, string> = runMethods[method]!.trains ? { lr: '0.4' } : {}
  const started = await program.start('run', {
    ...{ model: sample, data: 'sample', device: 'synthetic:1', method, ...target, out },
    methodOptions: { ...moving, ...(method === 'ista' && { rho: '4' }) },
    ...{ epochs: 0, methodEpochs: 3, trainImages: 512, seed: 0 },
  })
  if (!started.ok) throw new Error(started.failure.message)
  const { id } = started.value
  // The plan is written by then, and the rest is alike for all.
  const stop = program.subscribe(id, 0, (event) => {
    if (event.type === 'stage' && event.stage === 'finetune') void program.call('jobs.cancel', { job: id })
  })
  const finished = await program.finished<'run'>(id)
  stop()
  expect(finished).toMatchObject({ ok: false, failure: { kind: 'interrupted' } })
  note(method, JSON.parse(await readFile(join(out, 'plan.json'), 'utf8')) as PlanFile)
})

test('all of them choose differently', () => {
  expect(kept.size).toBe(runMethod.options.length)
  const alike = [...kept].flatMap(([a, plan], i) =>
    [...kept].slice(i + 1).flatMap(([b, other]) => (plan === other ? [`${a} = ${b}`] : [])),
  )
  // As they must: one share of every layer, by L1, in a network none of whose pruned layers reads another.
  expect(alike.filter((pair) => pair !== 'uniform = l1')).toEqual([])
})
