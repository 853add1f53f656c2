import { mkdirSync, readFileSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ServerMessage } from '../../../src-main/contract/wire'
import { createProgram } from '../../../src-main/program/create'
import { planOfKey } from '../../../src-main/program/projects/parts'
import { startServer, type RunningServer } from '../../../src-main/serve/server'
import { lockBy, makeProject, started, step, tell } from '../../fixtures/project'
import { temporaryFolder } from '../../fixtures/temporary'
import { callsOf, TestClient, until } from './client'

let home: string
let outside: string
let server: RunningServer
let client: TestClient

beforeAll(async () => {
  const folder = temporaryFolder('projects')
  ;[home, outside] = [join(folder, 'home'), join(folder, 'outside')]
  for (const path of [home, outside, join(folder, 'page')]) mkdirSync(path)
  writeFileSync(join(folder, 'page/index.html'), '<!doctype html>')
  const program = createProgram({ windows: { roots: [home], recent: join(folder, 'recent.json') } })
  server = await startServer(program, { page: join(folder, 'page') })
  client = await TestClient.open(server.url)
})
afterAll(() => server.close())

const { ok, code } = callsOf(() => client)
const idOf = async (path: string): Promise<string> => (await ok('files.find', { path })).id
const score = (key: string, divergence: number, kind = 'score') =>
  `${JSON.stringify({ kind, key, value: { divergence, top1: 0.5 } })}\n`

describe('a project in a window', () => {
  it('tells of the plans that were taken from it, and of none that leads outside', async () => {
    const files = makeProject(join(home, 'taken'))
    const project = await idOf(files.root)
    expect(await ok('projects.taken', { project })).toEqual({ taken: [] })
    mkdirSync(files.plans)
    const costs = { channels: { before: 8, after: 5 }, macs: { before: 9, after: 4 }, params: { before: 7, after: 3 } }
    const take = (name: string): void => {
      const { plan, model, figures } = files.taken(name)
      for (const path of [plan, model]) writeFileSync(path, name)
      writeFileSync(figures, JSON.stringify(costs))
    }
    for (const name of ['first', 'half']) take(name)
    unlinkSync(files.taken('half').model)
    expect(await ok('projects.taken', { project })).toEqual({
      taken: [
        {
          ...costs,
          plan: expect.objectContaining({ kind: 'file', path: files.taken('first').plan }),
          model: expect.objectContaining({ kind: 'file', bytes: 5 }),
        },
      ],
    })
    writeFileSync(files.taken('first').figures, '{"macs":')
    expect(await code('projects.taken', { project })).toBe('project-damaged')
    writeFileSync(join(outside, 'secret.onnx'), 'x')
    symlinkSync(join(outside, 'secret.onnx'), files.taken('half').model)
    expect(await code('projects.taken', { project })).toBe('project-leads-outside')
  })

  it('shows what is in it', async () => {
    const files = makeProject(join(home, 'whole'))
    tell(files, 'a', 0, started, step(1), {
      type: 'failed',
      failure: { kind: 'work', code: 'x', message: '', hint: '' },
    })
    const measured = { ratio: 0.5, median: 2, mad: 0.1, samples: 20 }
    writeFileSync(
      files.journal,
      score('untouched', 0) +
        score('a,b=1=3,c=4', 0.25) +
        `${JSON.stringify({ kind: 'point', key: 'c=1', value: measured })}\n` +
        `${JSON.stringify({ kind: 'latency', key: 'a,b=1=3,c=4', value: measured })}\n` +
        score('a,b=1=3,c=4', 0.2, 'refined') +
        '{"kind":"score","key":"c=5"',
    )
    writeFileSync(
      files.plan,
      JSON.stringify({ format: 'lupine-plan', model: { sha256: 'x' }, groups: [{ id: 'g', keep: [0] }] }),
    )
    writeFileSync(join(files.measurements, 'verify.json'), '{"device":{}}')
    const project = await idOf(files.root)
    expect((await ok('files.find', { path: files.root })).kind).toBe('project')
    expect(await ok('projects.open', { project })).toMatchObject({
      ...{ kind: 'run', version: 1, state: 'failed', writer: null, job: 'a', request: { device: 'synthetic:1' } },
      ...{ files: { plan: { kind: 'file' } }, parts: expect.arrayContaining(['plan.json', 'journal.jsonl']) },
    })
    expect(await ok('projects.candidates', { project })).toEqual({
      total: 2,
      candidates: [
        { plan: {}, score: { divergence: 0, top1: 0.5 } },
        {
          plan: { 'a,b=1': 3, c: 4 },
          score: { divergence: 0.25, top1: 0.5 },
          latency: measured,
          refined: { divergence: 0.2, top1: 0.5 },
        },
      ],
    })
    expect((await ok('projects.plan', { project })).plan?.groups).toEqual([{ id: 'g', keep: [0] }])
    const { measurements } = await ok('projects.measurements', { project })
    expect(measurements.map(({ name }) => name)).toEqual(['verify.json'])
    expect(await ok('projects.measurement', { project, name: 'verify.json' })).toEqual({ measurement: { device: {} } })
    for (const name of ['../project.json', '../../secret.json', 'nothing.json'])
      expect(await code('projects.measurement', { project, name })).toBe('measurement-unknown')
    for (const part of ['projects.table', 'projects.provenance', 'projects.result'] as const)
      expect(Object.values(await ok(part, { project }))[0]).toBeNull()
    expect((await ok('projects.recent', {})).projects).toMatchObject([{ project: { id: project }, there: true }])
    await ok('projects.forget', { project })
    expect((await ok('projects.recent', {})).projects).toEqual([])
  })

  it('is watched while another process writes it, and nothing but watched', async () => {
    const files = makeProject(join(home, 'foreign'))
    lockBy(files, process.ppid)
    tell(files, 'far', 0, started, step(1))
    const opened = await ok('projects.open', { project: await idOf(files.root) })
    expect(opened).toMatchObject({ state: 'running', writer: { here: false, pid: process.ppid }, job: 'far' })
    expect(await ok('jobs.list', {})).toContainEqual(
      expect.objectContaining({ id: 'far', elsewhere: true, project: opened.project.id }),
    )
    const before = client.events().length
    await client.ask({ type: 'subscribe', job: 'far', from: 1 })
    tell(files, 'far', 2, step(2), step(3))
    await until(() => client.events().length - before === 3)
    expect(client.events().slice(before)).toEqual([1, 2, 3])
    expect(await code('jobs.cancel', { job: 'far' })).toBe('job-elsewhere')
    const resumed = await client.ask({ type: 'start', name: 'resume', request: { dir: opened.project.id } })
    const { id } = (resumed.result as { value: { id: string } }).value
    await client.ask({ type: 'subscribe', job: id, from: 0 })
    // What a run needs is loaded with the first one.
    const isFailed = (one: ServerMessage) => one.type === 'event' && one.event.job === id && one.event.type === 'failed'
    const failed = await until(() => client.messages.find(isFailed), 30_000)
    expect(failed).toMatchObject({ event: { failure: { code: 'project-locked' } } })
    expect(readFileSync(files.events, 'utf8').trim().split('\n')).toHaveLength(4)
  })

  it.each([
    ['of a newer version', () => ({ format: 'lupine-project', version: 9 }), 'project-newer'],
    ['without a kind', () => ({ format: 'lupine-project', version: 1 }), 'project-damaged'],
    ['of another program', () => ({ format: 'other' }), 'project-damaged'],
  ])('%s is refused', async (name, about, expected) => {
    const files = makeProject(join(home, name))
    writeFileSync(files.project, JSON.stringify(about()))
    expect(await code('projects.open', { project: await idOf(files.root) })).toBe(expected)
  })

  it('that was removed says so', async () => {
    const files = makeProject(join(home, 'removed'))
    const project = await idOf(files.root)
    await ok('projects.open', { project })
    rmSync(files.root, { recursive: true })
    expect(await code('projects.open', { project })).toBe('project-gone')
    expect((await ok('projects.recent', {})).projects).toMatchObject([{ there: false }, {}])
  })

  it.each(['events.jsonl', 'journal.jsonl', 'measurements', 'model.onnx', 'stages/import.json', 'stages/new'])(
    'whose %s leads outside is refused',
    async (name) => {
      const files = makeProject(join(home, `tampered ${name.replace('/', ' ')}`))
      const path = join(files.root, name)
      rmSync(path, { recursive: true, force: true })
      symlinkSync(join(outside, 'anything'), path)
      const project = await idOf(files.root)
      expect(await code('projects.open', { project })).toBe('project-leads-outside')
      unlinkSync(path)
      expect(await code('projects.open', { project })).toBe('ok')
    },
  )

  it.each([
    { data: 'images:/etc' },
    { device: 'replay:/var' },
    { device: 'ssh://evil.example?key=/home/someone/.ssh/id_ed25519&trust=new' },
    { holdout: 'cifar10:/etc' },
    { model: '/etc/passwd' },
  ])('that names %j is not resumed', async (request) => {
    const files = makeProject(join(home, `names ${Object.values(request)[0]!.replaceAll(/\W/g, '_')}`), request)
    const { result } = await client.ask({ type: 'start', name: 'resume', request: { dir: await idOf(files.root) } })
    expect(result).toMatchObject({ ok: false, failure: { code: 'project-leads-outside' } })
  })

  it('says which files are not what provenance vouches for', async () => {
    const files = makeProject(join(home, 'provenance'))
    const hash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
    writeFileSync(files.model, '')
    const vouched = { 'model.onnx': hash, 'plan.json': hash, '../removed': hash, 'project.json': hash }
    writeFileSync(files.provenance, JSON.stringify({ lupine: '1', files: vouched }))
    const { provenance, changed } = await ok('projects.provenance', { project: await idOf(files.root) })
    expect([provenance?.['lupine'], changed]).toEqual(['1', ['plan.json', '../removed', 'project.json']])
  })
})

it.each([
  ['untouched', {}],
  ['a=0', { a: 0 }],
  ['a=1,b.c/d=22', { a: 1, 'b.c/d': 22 }],
  ['x=y=3,p,q=4', { 'x=y': 3, 'p,q': 4 }],
])('the plan of %s', (key, plan) => expect(planOfKey(key)).toEqual(plan))
