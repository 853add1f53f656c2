import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import type { JobResult } from '../../src-main/contract'
import { planFile } from '../../src-main/core/pruning/plan'
import { createSubject, pruneSubject, subjectKeep } from '../../src-main/core/pruning/subject'
import { openDevice } from '../../src-main/devices/open'
import { ratios } from '../../src-main/devices/measuring/summary'
import { saveOnnx } from '../../src-main/formats/onnx/files'
import { createProgram } from '../../src-main/program/create'
import { createProject } from '../../src-main/projects/project'
import { layout } from '../../src-main/projects/layout'
import { livelyResnet } from '../fixtures/networks'
import { temporaryFolder } from '../fixtures/temporary'

/** What a run leaves behind, on a made-up device, with one group at a width that no kernel of it has steps for. */
const dir = temporaryFolder('explain')
const project = join(dir, 'project')
const address = 'synthetic:2'
const subject = createSubject(livelyResnet(8))
const widths = { [subject.dimensions[0]!.id]: 9 }
const files = layout(project)

async function explain(measure: boolean) {
  const program = createProgram()
  const started = await program.start('explain', { dir: project, measure })
  if (!started.ok) throw new Error(started.failure.message)
  return program.finished<'explain'>(started.value.id)
}

beforeAll(async () => {
  process.env['XDG_CACHE_HOME'] = join(dir, 'cache')
  const made = await createProject(project, 'run', { request: { device: address, seed: 1 }, settings: {} })
  await made.close()
  await saveOnnx(files.original, subject.network)
  await saveOnnx(files.model, pruneSubject(subject, widths))
  const plan = planFile(subject.coupling, subject.branches, subjectKeep(subject, widths), '')
  await writeFile(files.plan, JSON.stringify(plan))
})

it('explains a finished run once and for all, with its device or without', async () => {
  const early = await explain(true)
  expect(early).toMatchObject({
    ok: false,
    failure: { code: 'run-unfinished', hint: expect.stringContaining('resume') },
  })

  const options = { processes: 2, rounds: 10, slice: 0, seed: 1 }
  const raw = await openDevice(address).measure([files.original, files.model], [1, 3, 32, 32], options)
  const [original, result] = ratios(raw)
  const latency = { device: raw.device, original, result, measured: result!.ratio }
  await writeFile(files.stage('verify'), JSON.stringify({ seconds: 1, result: { latency } }))
  expect(await explain(false)).toMatchObject({ ok: false, failure: { code: 'layers-missing' } })

  const first = await explain(true)
  if (!first.ok) throw new Error(first.failure.message)
  const { layers, network, unattributed, losses, missing } = first.value
  expect(missing).toEqual([])
  const sum = (read: (layer: JobResult<'explain'>['layers'][number]) => number) =>
    layers.reduce((all, layer) => all + read(layer), 0)
  for (const when of ['before', 'after'] as const) {
    expect(sum(({ ms }) => ms[when]) + unattributed[when]).toBeCloseTo(network.ms[when], 9)
    expect(sum(({ macs }) => macs[when])).toBe(network.macs[when])
  }
  expect(network.macs.before).toBe(subject.cost.macs)
  expect(1 - network.ms.after / network.ms.before).toBeCloseTo(network.saved.ms, 9)
  const cut = layers.find(({ name }) => name === subject.dimensions[0]!.id)!
  expect(cut).toMatchObject({
    cause: 'off-step',
    groups: expect.arrayContaining([expect.objectContaining({ kept: 9 })]),
  })
  expect(cut.better).toMatchObject({ from: 9, kept: 8 })
  expect(cut.advice).toContain('8 instead of 9 channels')
  expect(losses).toContain(cut.name)

  // Nothing is measured again: the same without the device.
  expect(await explain(false)).toEqual(first)

  // Without staircases it says so, and what there is stays.
  await rm(files.table)
  const bare = await explain(false)
  if (!bare.ok) throw new Error(bare.failure.message)
  expect(bare.value.missing).toEqual([expect.stringContaining('no staircases were measured')])
  expect(bare.value.layers.map(({ ms }) => ms)).toEqual(layers.map(({ ms }) => ms))
}, 30_000)
