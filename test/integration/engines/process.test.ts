import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { LupineError } from '../../../src-main/core/failure'
import type { EngineMethods, TrainProgress, TrainRequest } from '../../../src-main/engines/interface'
import { startEngine, type EngineHandle } from '../../../src-main/engines/process/start'
import { writeOnnx } from '../../../src-main/formats/onnx/write'
import { writeTinyCifar } from '../../fixtures/engines/tiny-cifar'
import { tinyResnet } from '../../fixtures/engines/tiny-resnet'
import { temporaryFolder } from '../../fixtures/temporary'

const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => (error as LupineError).failure,
  )

const isAlive = (pid: number | undefined): boolean => {
  try {
    return pid !== undefined && process.kill(pid, 0)
  } catch {
    return false
  }
}

interface ChildMethods {
  echo: { request: { a: number }; result: { engine: string; params: { a: number } }; progress: { done: number } }
  environment: { request: { name: string }; result: string; progress: never }
  refuse: { request: object; result: never; progress: never }
  crash: { request: object; result: never; progress: never }
  killed: { request: object; result: never; progress: never }
  hang: { request: object; result: never; progress: never }
}

describe('an engine process', () => {
  let engine: EngineHandle<ChildMethods>
  beforeAll(() => {
    process.env['LUPINE_ENGINE_ENTRY'] = fileURLToPath(new URL('../../fixtures/engines/child.mjs', import.meta.url))
  })
  afterAll(() => void delete process.env['LUPINE_ENGINE_ENTRY'])
  afterEach(() => engine.stop())

  test('answers calls, with progress', async () => {
    engine = startEngine<ChildMethods>('wasm')
    const progress: unknown[] = []
    const result = await engine.call('echo', { a: 1 }, { onProgress: (value) => progress.push(value) })
    expect(result).toEqual({ engine: 'wasm', params: { a: 1 } })
    expect(progress).toEqual([{ done: 1, total: 2 }])
  })

  test('takes memory of a GPU as it is needed, unless the user says otherwise', async () => {
    const name = 'TF_FORCE_GPU_ALLOW_GROWTH'
    engine = startEngine<ChildMethods>('wasm')
    expect(await engine.call('environment', { name })).toBe('true')
    await engine.stop()
    process.env[name] = 'false'
    try {
      engine = startEngine<ChildMethods>('wasm')
      expect(await engine.call('environment', { name })).toBe('false')
    } finally {
      delete process.env[name]
    }
  })

  test('passes failures on as they are', async () => {
    engine = startEngine<ChildMethods>('wasm')
    expect(await failureOf(engine.call('refuse', {}))).toEqual({
      ...{ kind: 'input', code: 'bad', message: 'Bad.', hint: 'Be good.' },
    })
  })

  test('a crash fails every open call, with what it last said', async () => {
    engine = startEngine<ChildMethods>('wasm')
    const [hung, crashed] = await Promise.all([failureOf(engine.call('hang', {})), failureOf(engine.call('crash', {}))])
    expect(crashed).toMatchObject({ kind: 'work', code: 'engine-died' })
    expect(crashed!.message).toContain('exit code 3')
    expect(crashed!.message).toContain('native code gave up')
    expect(crashed!.hint).toContain('Resume')
    expect(hung).toEqual(crashed)
    expect(await failureOf(engine.call('echo', { a: 1 }))).toEqual(crashed)
  })

  test('a killed process is told apart: probably memory', async () => {
    engine = startEngine<ChildMethods>('wasm')
    const failure = await failureOf(engine.call('killed', {}))
    expect(failure).toMatchObject({ code: 'engine-died' })
    expect(failure!.hint).toContain('memory')
  })

  test('cancelling fails the call and leaves the process', async () => {
    engine = startEngine<ChildMethods>('wasm')
    const abort = new AbortController()
    const hung = failureOf(engine.call('hang', {}, { signal: abort.signal }))
    abort.abort()
    expect(await hung).toMatchObject({ kind: 'interrupted' })
    expect((await engine.call('echo', { a: 2 })).params).toEqual({ a: 2 })
  })

  test('stopping ends the process', async () => {
    engine = startEngine<ChildMethods>('wasm')
    await engine.call('echo', { a: 3 })
    await engine.stop()
    expect(isAlive(engine.pid)).toBe(false)
  })
})

const built = fileURLToPath(new URL('../../../out/main/engine.js', import.meta.url))

describe.skipIf(!existsSync(built))('the built wasm engine', () => {
  let folder: string
  let temporary: string | undefined
  let request: TrainRequest
  beforeAll(async () => {
    folder = temporaryFolder('process')
    // The measuring lock lies there: other tests that measure must not pause this training.
    temporary = process.env['TMPDIR']
    process.env['TMPDIR'] = folder
    const model = join(folder, 'model.onnx')
    await writeFile(model, writeOnnx(tinyResnet()))
    await writeTinyCifar(join(folder, 'data'))
    request = {
      model,
      out: join(folder, 'trained.onnx'),
      checkpoints: join(folder, 'checkpoints'),
      data: { address: `cifar10:${join(folder, 'data')}`, normalization: { mean: [0.5], std: [0.25] } },
      recipe: {
        ...{ epochs: 2, batch: 16, learningRate: 0.05, momentum: 0.9, nesterov: true, weightDecay: 1e-4 },
        ...{ schedule: 'cosine', warmupEpochs: 0, distillation: 0, temperature: 4, crop: 2, flip: true, seed: 1 },
        limit: 64,
      },
    }
  })
  afterAll(async () => {
    if (temporary === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = temporary
  })

  test('trains; killed in the second epoch, it resumes from the first', async () => {
    const first = startEngine<EngineMethods>('wasm')
    const kill = (progress: TrainProgress) => progress.epoch === 2 && process.kill(first.pid!, 'SIGKILL')
    expect(await failureOf(first.call('train', request, { onProgress: kill }))).toMatchObject({ code: 'engine-died' })

    const second = startEngine<EngineMethods>('wasm')
    const result = await second.call('train', request)
    await second.stop()
    expect(result).toMatchObject({ resumedFrom: 1, engine: { engine: 'wasm' } })
    expect(existsSync(request.out)).toBe(true)
  })

  test('names an op it cannot run', async () => {
    const network = tinyResnet()
    const [first, ...rest] = network.nodes
    const model = join(folder, 'odd.onnx')
    await writeFile(
      model,
      writeOnnx({ ...network, nodes: [{ ...first, op: 'Rotate', domain: 'odd' }, ...rest], domains: { odd: 1 } }),
    )
    const engine = startEngine<EngineMethods>('wasm')
    const failure = await failureOf(engine.call('train', { ...request, model }))
    await engine.stop()
    expect(failure).toMatchObject({ kind: 'input', code: 'engine-op-unsupported' })
    expect(failure!.message).toContain(`Rotate ${first.name}`)
  })
})
