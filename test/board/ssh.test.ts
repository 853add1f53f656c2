/** A board over ssh, from end to end: a server in this process, its Python, and onnxruntime for this computer. */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { withOpenBatch } from '../../src-main/core/graph/batch'
import { runtimeLibrary } from '../../src-main/devices/agent/library'
import type { BoardDevice } from '../../src-main/devices/board'
import { createSubject } from '../../src-main/core/pruning/subject'
import { DeviceOracle } from '../../src-main/devices/oracle'
import { createSession, runSession } from '../../src-main/engines/onnxruntime/runtime'
import { saveOnnx } from '../../src-main/formats/onnx/files'
import { boardAt, effort, shape } from '../fixtures/board/device'
import { type BoardServer, boardServer, type BoardServerOptions, newKey } from '../fixtures/board/ssh-server'
import { livelyResnet } from '../fixtures/networks'
import { temporaryFolder } from '../fixtures/temporary'

const fit =
  process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch) && spawnSync('python3').error === undefined
if (!fit) console.log('Boards are tested on Linux with a python3: skipped.')

const never = { aborted: false, throwIfAborted: () => {}, signal: new AbortController().signal }

describe.runIf(fit)('a board over ssh', () => {
  // One home, so that the library is copied once; what a test spoils it mends.
  const home = temporaryFolder('board-home')
  const cache = join(home, '.cache/lupine')
  const own = temporaryFolder('board-host')
  const model = join(own, 'model.onnx')
  const open: BoardDevice[] = []
  const servers: BoardServer[] = []
  const serve = async (options: Partial<BoardServerOptions> = {}, port = 0) => {
    servers.push(await boardServer({ home, hostKey, ...options }, port))
    return servers.at(-1)!
  }
  const hostKey = newKey().private
  const device = async (port: number, options: Parameters<typeof boardAt>[2] = {}, query = 'trust=new') => {
    const around = { home: own, env: { LUPINE_PASSWORD: 'raspberry' } }
    open.push(await boardAt(`ssh://pi@127.0.0.1:${port}?${query}`, around, options))
    return open.at(-1)!
  }
  const library = () => {
    const sizes = readdirSync(join(cache, 'files')).map((name) => join(cache, 'files', name))
    return sizes.find((path) => readFileSync(path).length > 8 << 20)!
  }

  let server: BoardServer
  beforeAll(async () => {
    await saveOnnx(model, livelyResnet(8))
    server = await serve()
  })
  beforeEach(() => {
    server.commands.length = 0
  })
  afterEach(async () => {
    for (const board of open.splice(0)) await board.close()
  })
  afterAll(async () => {
    for (const each of servers) await each.close()
  })

  it('copies agent, library and models once, and measures by round robin', async () => {
    const notes: string[] = []
    let used = 0
    const options = {
      note: (_: string, text: string) => void notes.push(text),
      onUsed: () => Promise.resolve(void used++),
    }
    const board = await device(server.port, options)
    const subject = createSubject(livelyResnet(20))
    const measurements = join(own, 'measurements')
    mkdirSync(measurements)
    const oracle = new DeviceOracle({
      ...{ device: board, subject, measurements, seed: 1, cancellation: never },
      effort: { processes: 1, rounds: 5, slice: 2 },
    })
    const removed = Object.fromEntries(subject.branches.slice(0, 6).map((branch) => [branch.groups[0]!, 0]))
    const [same, shallow] = await oracle.measure([{}, removed])
    expect(same!.ratio).toBeGreaterThan(0.6)
    expect(same!.ratio).toBeLessThan(1.6)
    expect(shallow!.ratio).toBeLessThan(0.85)
    const [raw] = readdirSync(measurements).map((name) => JSON.parse(readFileSync(join(measurements, name), 'utf8')))
    expect(raw.processes[0].samples.map((times: number[]) => times.length)).toEqual([5, 5, 5])
    expect(raw.state.before).toMatchObject({ load: expect.any(Number) })
    expect([used, notes.filter((text) => text.startsWith('Copying onnxruntime'))]).toMatchObject([1, { length: 1 }])
    expect(server.commands.filter((command) => command.includes('install'))).toHaveLength(1)
    // Weights stay here: what went to the board are a few kilobytes.
    const small = readdirSync(join(cache, 'files')).map((name) => readFileSync(join(cache, 'files', name)).length)
    expect(small.filter((bytes) => bytes < 64 << 10).length).toBe(small.length - 1)
    expect(await board.key()).toMatchObject({ runtime: 'onnxruntime', threads: 1, provider: 'cpu' })

    await board.close()
    const layers = await board.layers(model, shape, 10)
    expect(layers.filter(({ op }) => op.includes('Conv')).length).toBeGreaterThan(5)
    expect(server.commands.filter((command) => command.includes('install'))).toHaveLength(1)
    expect(server.commands.filter((command) => command.includes('receive'))).toHaveLength(1)
  }, 120_000)

  it('runs a network with its own weights, and gives what it gives here', async () => {
    const board = await device(server.port)
    const input = Float32Array.from({ length: 200 * 3 * 32 * 32 }, (_, i) => Math.sin(i))
    const open = withOpenBatch(livelyResnet(8))
    const path = join(own, 'open.onnx')
    await saveOnnx(path, open)
    const [output] = await board.forward!(path, input, [200, 3, 32, 32])
    const session = await createSession(readFileSync(path), 1, 'open')
    const outputs = await runSession(session, input, [200, 3, 32, 32])
    const [name, here] = [...outputs][0]!
    await session.release()
    expect(output).toMatchObject({ name, shape: [200, 10] })
    expect(Math.max(...output!.data.map((value, i) => Math.abs(value - here.data[i]!)))).toBeLessThan(1e-5)
    await expect(board.forward!(path, input.subarray(0, 5), [2, 3, 32, 32])).rejects.toMatchObject({
      failure: { code: 'onnxruntime-refused', message: expect.stringContaining('does not take 5 values') },
    })
  })

  it('sends the library again when the one on the board was cut short', async () => {
    const board = await device(server.port)
    await board.key()
    const path = library()
    const whole = readFileSync(path).length
    truncateSync(path, 1 << 20)
    expect((await board.measure([model], shape, effort)).processes).toHaveLength(1)
    expect(readFileSync(path).length).toBe(whole)
    // Also when its length is right.
    writeFileSync(path, Buffer.alloc(whole))
    expect((await board.measure([model], shape, effort)).processes).toHaveLength(1)
  }, 60_000)

  it('measures on the cores it is told, by its own onnxruntime where it is asked to, and throws hot blocks away', async () => {
    // Its package, as pip leaves it; its vcgencmd, which says after the first block that it throttled.
    const { path } = await runtimeLibrary(process.arch === 'arm64' ? 'arm64' : 'x64')
    const capi = join(own, 'site/onnxruntime/capi')
    mkdirSync(capi, { recursive: true })
    symlinkSync(path, join(capi, 'libonnxruntime.so.1.30.0'))
    const bin = join(own, 'bin')
    mkdirSync(bin)
    const count = `n=$(($(cat ${bin}/n 2>/dev/null || echo 0) + 1)); echo $n > ${bin}/n`
    // Asked by the probe, then before and after each block.
    writeFileSync(
      join(bin, 'vcgencmd'),
      `#!/bin/sh\n${count}\n[ $n = 3 ] && echo throttled=0x40004 || echo throttled=0x40000\n`,
    )
    chmodSync(join(bin, 'vcgencmd'), 0o755)
    const env = { PYTHONPATH: join(own, 'site'), PATH: `${bin}:${process.env['PATH']}` }
    const shimmed = await serve({ env })
    const notes: string[] = []
    const options = {
      ...{ cores: [0], threads: 0, runtime: 'own' as const, cooling: 10 },
      note: (_: string, text: string) => void notes.push(text),
    }
    const board = await device(shimmed.port, options)
    const raw = await board.measure([model], shape, effort)
    expect(raw.device).toMatchObject({ version: '1.30.0 of the board', cores: '0', threads: 1, precision: 'float32' })
    expect([raw.processes.length, raw.discarded]).toEqual([1, 1])
    expect(notes.join(' ')).toMatch(/throttling while it was measured: that is thrown away, and measured again/)
    const absent = await device(server.port, { cores: [999] })
    await expect(absent.key()).rejects.toMatchObject({ failure: { kind: 'usage', code: 'device-cores' } })
  })

  it('is measured by its TensorRT where asked to: engines kept, a build for each process', async () => {
    const bin = join(own, 'trt')
    mkdirSync(bin)
    const standIn = resolve(import.meta.dirname, '../fixtures/runtimes/trtexec.mjs')
    writeFileSync(join(bin, 'trtexec'), `#!/bin/sh\nexec ${process.execPath} ${standIn} "$@"\n`)
    chmodSync(join(bin, 'trtexec'), 0o755)
    const env = { PATH: `${bin}:${process.env['PATH']}`, TRT_VERSION: '8.6.1' }
    const jetson = await serve({ env })
    const board = await device(jetson.port, { runtime: 'tensorrt', precision: 'fp16' })
    const raw = await board.measure([model, model], shape, { ...effort, processes: 2, rounds: 2 })
    expect(raw.device).toMatchObject({ runtime: 'tensorrt', version: '8.6.1', provider: 'gpu', precision: 'fp16' })
    expect(raw.processes.map(({ samples }) => samples.map((times) => times.length))).toEqual([
      [2, 2],
      [2, 2],
    ])
    const engines = readdirSync(join(cache, 'tools')).filter((name) => name.endsWith('.plan'))
    expect(engines.map((name) => name.replace(/^\w+-/, '')).sort()).toEqual(['8.6.1-fp16-0.plan', '8.6.1-fp16-1.plan'])
    expect((await board.layers(model, shape, 3)).map(({ median }) => median)).toContain(0.156)
    expect(board.forward).toBeUndefined()
    const without = await device(server.port, { runtime: 'tensorrt' })
    await expect(without.key()).rejects.toMatchObject({ failure: { code: 'board-no-trtexec' } })
  })

  it('stops at once when cancelled, and leaves no program behind', async () => {
    const board = await device(server.port)
    const abort = new AbortController()
    const reason = new Error('interrupted')
    const cancellation = { ...never, signal: abort.signal }
    const work = board.measure([model], shape, {
      ...effort,
      rounds: 100_000,
      cancellation,
      onProgress: () => abort.abort(reason),
    })
    await expect(work).rejects.toBe(reason)
    await board.close()
    await expect.poll(() => server.children.size, { timeout: 8000 }).toBe(0)
  }, 30_000)

  it('forgets: nothing is left on the board', async () => {
    const board = await device(server.port)
    await board.forget()
    expect(existsSync(cache)).toBe(false)
  }, 30_000)
})
