import { appendFileSync, rmSync, truncateSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import type { Layout } from '../../../src-main/projects/layout'
import type { ForeignJob } from '../../../src-main/runs/foreign-job'
import { Jobs } from '../../../src-main/runs/jobs'
import { ProjectWatch } from '../../../src-main/runs/watch'
import { lockBy, makeProject, started, step, tell } from '../../fixtures/project'
import { temporaryFolder } from '../../fixtures/temporary'

const watches: ProjectWatch[] = []
afterEach(() => watches.splice(0).forEach((watch) => watch.close()))

async function watching(files: Layout, isOwn: (job: string) => boolean = () => false) {
  const found: ForeignJob[] = []
  const watch = new ProjectWatch(files, { isOwn, onJob: (job) => found.push(job), everyMs: 1e6 })
  watches.push(watch)
  await watch.begin()
  return { watch, found }
}
/** A process that lives as long as the test. */
const alive = process.ppid

describe('watching a project', () => {
  it('tells past events, then new ones, with their own numbers', async () => {
    const files = makeProject(temporaryFolder('watch'))
    lockBy(files, alive)
    tell(files, 'a', 0, started, step(1))
    const { watch, found } = await watching(files)
    const seen: string[] = []
    found[0]!.log.subscribe(0, ({ n, type, job }) => seen.push(`${job}${n} ${type}`))
    tell(files, 'a', 2, step(2), { type: 'finished', result: { ok: true } })
    await watch.look()
    expect(seen).toEqual(['a0 started', 'a1 progress', 'a2 progress', 'a3 finished'])
    expect(found[0]!.summary).toMatchObject({ id: 'a', kind: 'run', state: 'finished', elsewhere: true, events: 4 })
  })

  it('takes the last job of several, and the next one when it comes', async () => {
    const files = makeProject(temporaryFolder('watch'))
    lockBy(files, alive)
    tell(files, 'a', 0, started, step(1))
    tell(files, 'b', 0, started, step(1), step(2))
    const { watch, found } = await watching(files)
    expect(found.map(({ id, log }) => [id, log.length])).toEqual([['b', 3]])
    tell(files, 'c', 0, started)
    await watch.look()
    expect([found.map(({ id }) => id), watch.current]).toEqual([['b', 'c'], 'c'])
  })

  it('leaves jobs of its own program alone', async () => {
    const files = makeProject(temporaryFolder('watch'))
    tell(files, 'own', 0, started, step(1))
    const { watch, found } = await watching(files, (job) => job === 'own')
    expect([found, watch.current]).toEqual([[], 'own'])
  })

  it('says that a run was interrupted whose process is gone without a word', async () => {
    const files = makeProject(temporaryFolder('watch'))
    lockBy(files, alive)
    tell(files, 'a', 0, started, step(1))
    const { watch, found } = await watching(files)
    expect(found[0]!.state).toBe('running')
    rmSync(files.lock, { recursive: true })
    await watch.look()
    expect(found[0]!.state).toBe('cancelled')
    expect(found[0]!.log.all.at(-1)).toMatchObject({ n: 2, type: 'failed', failure: { code: 'interrupted' } })
  })

  it('says that the folder is gone', async () => {
    const files = makeProject(temporaryFolder('watch'))
    lockBy(files, alive)
    tell(files, 'a', 0, started)
    const { watch, found } = await watching(files)
    rmSync(files.root, { recursive: true })
    await watch.look()
    expect(found[0]!.log.all.at(-1)).toMatchObject({ failure: { code: 'project-gone' } })
  })

  it('waits for the rest of a line, and passes over what is no event', async () => {
    const files = makeProject(temporaryFolder('watch'))
    lockBy(files, alive)
    tell(files, 'a', 0, started)
    appendFileSync(files.events, 'nonsense\n{"n":1,"job":"a","type":"progress"}\n[1]\n\n')
    // Numbers are places: a file that lies about them makes no hole and no duplicate.
    tell(files, 'a', 99, step(1))
    const { watch, found } = await watching(files)
    const half = JSON.stringify({ ...step(2), detail: 'Größe', n: 2, job: 'a', time: '' })
    const cut = Buffer.from(half).indexOf('ö') + 1
    appendFileSync(files.events, Buffer.from(half).subarray(0, cut))
    await watch.look()
    appendFileSync(files.events, Buffer.concat([Buffer.from(half).subarray(cut), Buffer.from('\n')]))
    await watch.look()
    expect(found[0]!.log.all.map((event) => [event.n, 'detail' in event ? event.detail : ''])).toEqual([
      [0, ''],
      [1, ''],
      [2, 'Größe'],
    ])
  })

  it('reads a long log, and begins again when it is another file', async () => {
    const files = makeProject(temporaryFolder('watch'))
    lockBy(files, alive)
    tell(files, 'a', 0, started, ...Array.from({ length: 20_000 }, (_, i) => step(i)))
    const { watch, found } = await watching(files)
    expect(found[0]!.log.length).toBe(20_001)
    truncateSync(files.events, 0)
    tell(files, 'b', 0, started)
    await watch.look()
    expect(found.at(-1)!.summary).toMatchObject({ id: 'b', events: 1 })
  })
})

it('a watched job cannot be commanded', async () => {
  const files = makeProject(temporaryFolder('watch'))
  lockBy(files, alive)
  tell(files, 'a', 0, started)
  const { found } = await watching(files)
  const jobs = new Jobs()
  jobs.watch(found[0]!)
  expect(jobs.list()).toMatchObject([{ id: 'a', elsewhere: true }])
  expect(() => jobs.get('a')).toThrow('here it can only be watched')
  jobs.unwatch(files.root)
  expect(jobs.list()).toEqual([])
})
