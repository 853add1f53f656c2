/** `run` on boards, from end to end: over ssh (a server in this process) and over a serial line (a pseudo-terminal). */
import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunResult } from '../../src-main/contract'
import { Console, noConsole, placeLibrary } from '../fixtures/board/console'
import { type BoardServer, boardServer } from '../fixtures/board/ssh-server'
import { methodRuns } from '../fixtures/method-runs'
import { temporaryFolder } from '../fixtures/temporary'

const why = noConsole() ?? (['x64', 'arm64'].includes(process.arch) ? undefined : 'no onnxruntime for this processor')
if (why) console.log(`Runs on boards are not tested: ${why}.`)

describe.skipIf(why)('a run on a board', () => {
  const runs = methodRuns()
  const home = temporaryFolder('run-board')
  const own = temporaryFolder('run-host')
  const before = { ...process.env }
  let server: BoardServer
  let line: Console
  beforeAll(async () => {
    Object.assign(process.env, {
      LUPINE_PASSWORD: 'raspberry',
      XDG_CONFIG_HOME: join(own, 'config'),
      XDG_CACHE_HOME: join(own, 'cache'),
    })
    await placeLibrary(home)
    server = await boardServer({ home })
    line = await Console.open({ home })
  })
  afterAll(async () => {
    process.env = before
    await server.close()
    await line.cut()
  })

  it.each([
    ['ssh', () => `ssh://pi@127.0.0.1:${server.port}?trust=new&threads=1`],
    ['serial', () => `serial:${line.path}?baud=4000000&user=pi&threads=1&name=line`],
  ])('over %s: table, search, verification, and the same outputs there as here', async (name, address) => {
    const search = { method: 'igwo', keep: undefined, evaluations: 8, budget: { latency: 0.8 }, refine: 0 } as const
    const result: RunResult = await runs.run(name, { device: address(), ...search })
    expect(result.after.latency.median).toBeGreaterThan(0)
    expect(result.speedup.predicted).toBeGreaterThan(1)
    const { device } = result.agreement
    expect(device).toMatchObject({ images: 8, top1: 1 })
    expect(device!.maxAbsDiff).toBeLessThan(1e-4 * device!.outputRange)
    const folder = join(runs.folder, name)
    // What the computer evaluated while the board measured stands where it would have stood.
    const kinds = (await readFile(join(folder, 'journal.jsonl'), 'utf8')).trim().split('\n')
    const order = [...new Set(kinds.map((text) => (JSON.parse(text) as { kind: string }).kind))]
    expect(order.slice(0, 4)).toEqual(['reachable', 'point', 'latency', 'score'])
    const provenance = JSON.parse(await readFile(join(folder, 'provenance.json'), 'utf8')) as { device: object }
    expect(provenance.device).toMatchObject({ address: address(), runtime: 'onnxruntime' })
    expect(readdirSync(join(folder, 'measurements')).length).toBeGreaterThan(2)
  })

  it('is replayed from its raw samples', async () => {
    const search = { method: 'igwo', keep: undefined, evaluations: 8, budget: { latency: 0.8 }, refine: 0 } as const
    const again = await runs.run('again', { device: `replay:${join(runs.folder, 'ssh')}`, ...search })
    const plan = (name: string) => readFile(join(runs.folder, name, 'plan.json'), 'utf8')
    expect(await plan('again')).toBe(await plan('ssh'))
    expect(again.agreement.device).toBeUndefined()
  })
})
