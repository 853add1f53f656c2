/** Boards that go away, come back, or are up to no good: over an ssh server in this process. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { NetworkBuilder } from '../../src-main/core/graph/builder'
import { createRandom } from '../../src-main/core/statistics/random'
import type { BoardDevice } from '../../src-main/devices/board'
import { saveOnnx } from '../../src-main/formats/onnx/files'
import { hashFile } from '../../src-main/projects/provenance'
import { boardAt, deviceFailure, effort, shape } from '../fixtures/board/device'
import { type BoardServer, boardServer, type BoardServerOptions, newKey } from '../fixtures/board/ssh-server'
import { livelyResnet } from '../fixtures/networks'
import { temporaryFolder } from '../fixtures/temporary'

const fit =
  process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch) && spawnSync('python3').error === undefined
if (!fit) console.log('Boards are tested on Linux with a python3: skipped.')

describe.runIf(fit)('a board over ssh', () => {
  const home = temporaryFolder('board-home')
  const files = join(home, '.cache/lupine/files')
  const own = temporaryFolder('board-host')
  const model = join(own, 'model.onnx')
  const hostKey = newKey().private
  const open: BoardDevice[] = []
  const servers: BoardServer[] = []
  let server: BoardServer

  const serve = async (options: Partial<BoardServerOptions> = {}, port = 0) => {
    servers.push(await boardServer({ home, hostKey, ...options }, port))
    return servers.at(-1)!
  }
  const device = async (port: number, options: Parameters<typeof boardAt>[2] = {}, limits = {}) => {
    const around = { home: own, env: { LUPINE_PASSWORD: 'raspberry' }, limits }
    open.push(await boardAt(`ssh://pi@127.0.0.1:${port}?trust=new`, around, options))
    return open.at(-1)!
  }

  beforeAll(() => saveOnnx(model, livelyResnet(8)))
  beforeEach(async () => {
    server = await serve()
  })
  afterEach(async () => {
    for (const board of open.splice(0)) await board.close()
    for (const each of servers.splice(0)) await each.close()
  })

  it('goes on by itself when the connection breaks while it measures, and when the agent is killed', async () => {
    const notes: string[] = []
    const board = await device(server.port, { note: (_, text) => void notes.push(text) })
    await board.key()
    let [cuts, kills] = [0, 0]
    const raw = await board.measure([model, model], shape, {
      ...{ ...effort, processes: 2 },
      onProgress(done) {
        if (done === 1 && cuts++ === 0) server.cut()
        if (done === 4 && kills++ === 0) for (const child of server.children) child.kill('SIGKILL')
      },
    })
    expect(raw.processes.map(({ samples }) => samples.map((times) => times.length))).toEqual([
      [3, 3],
      [3, 3],
    ])
    expect(notes.join(' ')).toContain('Waiting for it; what was measured is kept.')
  }, 90_000)

  it('two at once, of which one dies: the other is measured on', async () => {
    const dying = await serve()
    const [first, second] = [await device(server.port), await device(dying.port, { patience: 3000 })]
    let cut: Promise<void> | undefined
    const lost = second.measure([model], shape, {
      ...{ ...effort, processes: 2, rounds: 200 },
      onProgress: () => void (cut ??= dying.close()),
    })
    const [one, other] = await Promise.allSettled([
      first.measure([model], shape, { ...effort, processes: 2, rounds: 200 }),
      lost,
    ])
    await cut
    expect(one).toMatchObject({ status: 'fulfilled', value: { processes: [{}, {}] } })
    expect(other).toMatchObject({ status: 'rejected', reason: deviceFailure('device-refused', /nothing listens/) })
  }, 90_000)

  it('waits for a board that is away for a while, and gives up with a way out when patience ends', async () => {
    const away = await serve()
    const board = await device(away.port, { patience: 8000 })
    await board.key()
    await away.close()
    const waiting = board.measure([model], shape, effort)
    await setTimeout(1500)
    const back = await serve({}, away.port)
    expect((await waiting).processes).toHaveLength(1)
    await back.close()
    const impatient = await device(away.port, { patience: 1000 })
    await expect(impatient.measure([model], shape, effort)).rejects.toMatchObject(
      deviceFailure('device-refused', /nothing listens/),
    )
  }, 60_000)

  it('cut off while the library is copied: it is copied again, and whole', async () => {
    rmSync(files, { recursive: true, force: true })
    const board = await device(server.port)
    let cuts = 0
    const watch = setInterval(() => {
      const parts = existsSync(files) ? readdirSync(files).filter((name) => name.endsWith('.part')) : []
      if (parts.length > 0 && cuts++ === 0) server.cut()
    }, 1)
    await board.key()
    clearInterval(watch)
    expect(cuts).toBeGreaterThan(0)
    const [library] = readdirSync(files)
    expect(await hashFile(join(files, library!))).toBe(library)
    expect(readdirSync(files)).toHaveLength(1)
  })

  it('frozen for a while: waited out when it is short, connected to again when it is long', async () => {
    const notes: string[] = []
    const board = await device(server.port, { note: (_, text) => void notes.push(text) }, { keepalive: 300, beats: 8 })
    await board.key()
    for (const [ms, waited] of [
      [1000, 0],
      [5000, 1],
    ] as const) {
      let freezes = 0
      // Many rounds: of three, the last may be on its way before the first is heard of.
      const measuring = board.measure([model], shape, {
        ...{ ...effort, rounds: 400 },
        onProgress(done) {
          if (done < 1 || freezes++ > 0) return
          server.freeze()
          void setTimeout(ms).then(() => server.thaw())
        },
      })
      expect((await measuring).processes).toHaveLength(1)
      expect(notes.filter((text) => text.includes('Waiting for it'))).toHaveLength(waited)
    }
  })

  it('gets the weights after all where a network without them gives no numbers', async () => {
    const b = new NetworkBuilder(createRandom(1))
    let value = b.node('Conv', 'conv', ['input', b.constant('weight', [8, 3, 1, 1], new Float32Array(24))], {
      kernel_shape: [1, 1],
    })
    for (const name of ['once', 'twice', 'thrice']) value = b.node('Exp', name, [value])
    const path = join(own, 'steep.onnx')
    await saveOnnx(path, b.finish('steep', [3, 32, 32], value, 8))
    const board = await device(server.port)
    expect((await board.measure([path], shape, effort)).processes).toHaveLength(1)
    expect(readdirSync(files)).toEqual(expect.arrayContaining([await hashFile(path)]))
  })

  it('whose worker is killed is told about, with what helps', async () => {
    const board = await device(server.port)
    await board.key()
    const measuring = board.measure([model], shape, {
      ...{ ...effort, rounds: 1000 },
      onProgress(done) {
        if (done === 1) for (const { pid } of server.children) spawnSync('pkill', ['-KILL', '-P', `${pid}`])
      },
    })
    await expect(measuring).rejects.toMatchObject(deviceFailure('board-died', /for want of memory \(SIGKILL\)/))
    expect((await board.measure([model], shape, effort)).processes).toHaveLength(1)
  })

  it.each([
    [
      'has no python3',
      'board-no-python',
      /has no python3/,
      (command: string) => command.replaceAll('python3', 'no-such-python'),
    ],
    [
      'never ends talking',
      'device-babble',
      /not Lupine's agent/,
      (command: string) => (command.includes('serve') ? 'yes' : undefined),
    ],
    [
      'sends a line without end',
      'device-babble',
      /more than 4 MB/,
      (command: string) => (command.includes('serve') ? 'cat /dev/zero' : undefined),
    ],
    [
      'draws on the terminal',
      'device-answer',
      /^[\x20-\x7e°]+$/,
      (command: string) =>
        command.includes('serve')
          ? `${hello(command)}; printf '{"id":1,"result":{"model":"\\\\u001b[2J"}}\n'; sleep 5`
          : undefined,
    ],
    [
      'says it is another agent',
      'agent-foreign',
      /not the agent/,
      (command: string) => (command.includes('serve') ? `echo '{"lupine":1,"sha256":"00"}'; sleep 5` : undefined),
    ],
  ])('that %s is refused', async (_, code, message, shim) => {
    const odd = await serve({ shim })
    const board = await device(odd.port)
    await expect(board.key()).rejects.toMatchObject(deviceFailure(code, message))
  })
})

/** A greeting that is believed. */
const hello = (command: string): string =>
  `echo '{"lupine":1,"sha256":"${/agent-([0-9a-f]{64})/.exec(command)![1]}"}'; read line`
