import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { builtFrom, ensureBuilt, hashSources, missingPackages } from '../../../scripts/launch/build.mjs'
import { temporaryFolder } from '../../fixtures/temporary'

let root: string
let said: string[]
const say = (line: string) => said.push(line)
const source = () => join(root, 'src-main/core/a.ts')

/** Stands in for electron-vite; counts. */
function fakeBuild(outcome = { ok: true, output: '' }) {
  const calls: string[] = []
  const build = async (where: string) => {
    calls.push(where)
    await new Promise((resolve) => setTimeout(resolve, 50))
    if (outcome.ok) {
      mkdirSync(join(where, 'out/main'), { recursive: true })
      writeFileSync(join(where, 'out/main/cli.js'), '')
    }
    return outcome
  }
  return { calls, build }
}

beforeEach(() => {
  root = temporaryFolder('build')
  said = []
  mkdirSync(join(root, 'src-main/core'), { recursive: true })
  writeFileSync(source(), 'export {}')
  writeFileSync(join(root, 'package.json'), JSON.stringify({ dependencies: { zod: '1', '@scope/x': '2' } }))
})

describe('ensureBuilt', () => {
  it('builds once, and says nothing when there is nothing to do', async () => {
    const { calls, build } = fakeBuild()
    expect(await ensureBuilt(root, say, { build })).toEqual({ ok: true })
    expect(said).toEqual(['Building (first use, about 10 s) …'])
    expect(builtFrom(root)).toBe(hashSources(root))
    await ensureBuilt(root, say, { build })
    expect([calls.length, said.length]).toEqual([1, 1])
  })

  it.each([
    ['a changed file', () => writeFileSync(source(), 'export const a = 1')],
    ['a new file', () => writeFileSync(join(root, 'src-main/b.ts'), '')],
    ['a file gone', () => rmSync(source())],
    ['out/ gone', () => rmSync(join(root, 'out'), { recursive: true })],
    ['a build that was interrupted', () => rmSync(join(root, 'out/.stamp'))],
  ])('builds again after %s', async (_, change) => {
    const { calls, build } = fakeBuild()
    await ensureBuilt(root, say, { build })
    change()
    await ensureBuilt(root, say, { build })
    expect(calls.length).toBe(2)
  })

  it('does not build again for a new time of the same file, or a README', async () => {
    const { calls, build } = fakeBuild()
    await ensureBuilt(root, say, { build })
    utimesSync(source(), new Date(), new Date())
    writeFileSync(join(root, 'src-main/README.md'), 'words')
    await ensureBuilt(root, say, { build })
    expect(calls.length).toBe(1)
  })

  it('gives a failed build back with its output, and leaves no stamp', async () => {
    const result = await ensureBuilt(root, say, {
      build: fakeBuild({ ok: false, output: 'syntax error in a.ts' }).build,
    })
    expect(result).toMatchObject({ ok: false, code: 'build-failed' })
    expect(said).toContain('syntax error in a.ts')
    expect(existsSync(join(root, 'out/.stamp'))).toBe(false)
  })

  it('builds once for two callers at the same time', async () => {
    const { calls, build } = fakeBuild()
    const results = await Promise.all([ensureBuilt(root, say, { build }), ensureBuilt(root, say, { build })])
    expect(results).toEqual([{ ok: true }, { ok: true }])
    expect(calls.length).toBe(1)
    expect(said.some((line) => line.startsWith('Waiting for the build of process'))).toBe(true)
  })

  it('takes the lock of a process that is gone', async () => {
    const gone = spawn(process.execPath, ['-e', ''])
    await new Promise((resolve) => gone.on('close', resolve))
    mkdirSync(join(root, '.cache'))
    writeFileSync(join(root, '.cache/build.lock'), String(gone.pid))
    const { calls, build } = fakeBuild()
    expect(await ensureBuilt(root, say, { build })).toEqual({ ok: true })
    expect(calls.length).toBe(1)
    expect(existsSync(join(root, '.cache/build.lock'))).toBe(false)
  })

  it('leaves a packaged program, which has no sources, alone', async () => {
    rmSync(join(root, 'src-main'), { recursive: true })
    const { calls, build } = fakeBuild()
    expect(await ensureBuilt(root, say, { build })).toEqual({ ok: true })
    expect(calls.length).toBe(0)
    expect(missingPackages(root)).toEqual([])
  })
})

it('names the packages that are not installed', () => {
  mkdirSync(join(root, 'node_modules/@scope/x'), { recursive: true })
  expect(missingPackages(root)).toEqual(['zod'])
})

it('hashes this repository fast enough to go unnoticed', () => {
  const here = join(import.meta.dirname, '../../..')
  hashSources(here)
  const start = performance.now()
  hashSources(here)
  expect(performance.now() - start).toBeLessThan(200)
  expect(JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'))).toHaveProperty(
    'bin.lupine',
    'scripts/lupine.mjs',
  )
})
