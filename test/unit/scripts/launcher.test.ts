import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { needsEngine, prepareEngine } from '../../../scripts/launch/engine.mjs'
import { isNewEnough, oldestNode } from '../../../scripts/lupine.mjs'
import { decide } from '../../../scripts/start.mjs'
import { temporaryFolder } from '../../fixtures/temporary'

describe('the Node version', () => {
  it.each([
    ['20.19.0', true],
    ['20.20.2', true],
    ['22.0.0', true],
    ['20.18.9', false],
    ['18.20.4', false],
  ])('%s: %s', (version, enough) => expect(isNewEnough(version, '20.19')).toBe(enough))

  it('is the one package.json names', () => {
    const text = readFileSync(join(import.meta.dirname, '../../../package.json'), 'utf8')
    expect(JSON.parse(text)).toHaveProperty('engines.node', `>=${oldestNode}`)
  })
})

describe('needsEngine', () => {
  it.each([
    [['finetune', 'a.onnx'], true],
    [['demo', '--json'], true],
    [['serve'], true],
    [['run', 'a.onnx', '--engine', 'wasm'], false],
    [['run', 'a.onnx', '--engine=wasm'], false],
    [['run', 'a.onnx', '--engine', 'tensorflow'], true],
    [['train', '--help'], false],
    [['inspect', 'train'], false],
    [['prune', 'a.onnx'], false],
    [[], false],
  ])('%j: %s', (argv, needed) => expect(needsEngine(argv, {})).toBe(needed))

  it('is off with LUPINE_NO_SETUP', () => expect(needsEngine(['train'], { LUPINE_NO_SETUP: '1' })).toBe(false))
})

describe('prepareEngine', () => {
  let folder: string
  let said: string
  let attempts: number
  const say = (line: string) => void (said += `${line}\n`)
  const ready = { ok: true as const, addon: '', version: '2', device: 'cpu', source: 'pip' as const }
  const failed = { ok: false as const, reason: 'g++ is missing.', hint: 'Install g++.' }
  const tools = (state: typeof ready | typeof failed, outcome: typeof ready | typeof failed) => ({
    tensorflowState: () => state,
    setUpTensorflow: async () => (attempts++, outcome),
    memory: join(folder, 'cache/failed.json'),
  })
  beforeEach(() => {
    folder = temporaryFolder('launch')
    said = ''
    attempts = 0
  })

  it('is silent when TensorFlow is there', async () => {
    await prepareEngine(['train'], say, tools(ready, ready))
    expect([said, attempts]).toEqual(['', 0])
  })

  it('says what fell back and how to get it, and does not try again the same day', async () => {
    await prepareEngine(['train'], say, tools(failed, failed))
    expect(said).toContain('g++ is missing. The slower WASM engine is used instead.\nInstall g++.')
    expect(said).toContain('npx lupine setup tensorflow')
    said = ''
    await prepareEngine(['train'], say, tools(failed, failed))
    expect(attempts).toBe(1)
    expect(said).toBe(
      'TensorFlow is not set up (g++ is missing.): the slower WASM engine is used. To set it up: npx lupine setup tensorflow\n',
    )
  })

  it('tries again after a day, or when TensorFlow is asked for by name', async () => {
    await prepareEngine(['train'], say, tools(failed, failed))
    await prepareEngine(['train', '--engine', 'tensorflow'], say, tools(failed, failed))
    expect(attempts).toBe(2)
    const memory = join(folder, 'cache/failed.json')
    writeFileSync(memory, JSON.stringify({ at: Date.now() - 90_000_000, reason: 'old' }))
    await prepareEngine(['train'], say, tools(failed, ready))
    expect([attempts, existsSync(memory)]).toEqual([3, false])
  })
})

describe('npm start', () => {
  const facts = { platform: 'linux', env: { DISPLAY: ':0' }, binary: true, root: false, reachable: false }
  it.each([
    ['with everything there', facts, 'window'],
    ['with a download within reach', { ...facts, binary: false, reachable: true }, 'fetch'],
    ['without the program and without a connection', { ...facts, binary: false }, 'serve'],
    ['without a screen', { ...facts, env: {} }, 'serve'],
    ['as root', { ...facts, root: true }, 'serve'],
    ['on a Mac, which needs no DISPLAY', { ...facts, platform: 'darwin', env: {} }, 'window'],
  ])('%s', (_, given, does) => {
    const decision = decide(given)
    expect(decision.does).toBe(does)
    expect(decision.why === '').toBe(does !== 'serve')
  })
})
