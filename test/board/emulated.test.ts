/** A real Linux for aarch64 at the other end of a real ssh: plumbing and faults. Its times are not a board's. */
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { BoardDevice } from '../../src-main/devices/board'
import { saveOnnx } from '../../src-main/formats/onnx/files'
import { openPort } from '../../src-main/devices/transports/serial/port'
import { boardOn, serialTo } from '../fixtures/board/console'
import { boardAt, sshTo } from '../fixtures/board/device'
import { livelyResnet } from '../fixtures/networks'
import { temporaryFolder } from '../fixtures/temporary'
import { EmulatedBoard, noBoard } from './emulated'

const why = noBoard()
if (why) console.log(`Tests on the emulated board are skipped: ${why}.`)

const shape = [1, 3, 32, 32]
const effort = { processes: 1, rounds: 2, slice: 0, seed: 1 }

describe.skipIf(why)('an emulated board', () => {
  const board = new EmulatedBoard('lupine-test')
  const own = temporaryFolder('board-host')
  const model = join(own, 'model.onnx')
  const open: BoardDevice[] = []
  const notes: string[] = []
  const address = () => `ssh://pi@127.0.0.1:${board.port}?trust=new&key=${board.key}`
  const device = async () => {
    notes.length = 0
    const options = { note: (_: string, text: string) => void notes.push(text), patience: 200_000 }
    open.push(await boardAt(address(), { home: own }, options))
    return open.at(-1)!
  }
  const once = (what: () => unknown) => {
    let done = false
    return () => {
      if (!done) void what()
      done = true
    }
  }

  beforeAll(async () => {
    await saveOnnx(model, livelyResnet(8))
    await board.down()
    await board.up()
  })
  afterEach(async () => {
    for (const each of open.splice(0)) await each.close()
  })
  afterAll(() => board.down())

  it('is measured, whole and per layer, and keeps nothing but its cache folder', async () => {
    const before = await board.ssh('ls -A ~ /tmp /var/tmp')
    const its = await device()
    const raw = await its.measure([model, model], shape, effort)
    expect(raw.processes[0]!.samples.map((times) => times.length)).toEqual([2, 2])
    expect(raw.device).toMatchObject({
      runtime: 'onnxruntime',
      machine: expect.stringContaining('Debian GNU/Linux 12'),
    })
    const layers = await its.layers(model, shape, 2)
    expect(layers.filter(({ op }) => op === 'FusedConv' || op === 'Conv').length).toBeGreaterThan(5)
    expect((await board.ssh('ls -A ~ /tmp /var/tmp')).replace('.cache\n', '')).toBe(before)
    expect(await board.ssh('ls ~/.cache')).toBe('lupine')
  })

  it('is measured over its serial line as over ssh, and given back at its login prompt', async () => {
    const over = (query: string) => boardOn(serialTo(board.serial, { query }), { patience: 200_000 })
    // The library is too much for the line, and says so; over ssh it gets there.
    await board.ssh('rm -rf ~/.cache/lupine')
    const bare = over('user=pi')
    await expect(bare.key()).rejects.toMatchObject({ failure: { code: 'library-absent' } })
    await bare.close()
    await (await device()).key()
    const its = over('user=pi')
    open.push(its)
    const raw = await its.measure([model, model], shape, effort)
    expect(raw.processes[0]!.samples.map((times) => times.length)).toEqual([2, 2])
    expect((await its.layers(model, shape, 2)).length).toBeGreaterThan(5)
    await its.close()
    const port = await openPort(board.serial, 115_200)
    let said = ''
    port.onData((chunk) => (said += chunk.toString()))
    port.write('\n')
    await expect.poll(() => said, { timeout: 20_000 }).toMatch(/login: $/)
    await port.close()
  }, 300_000)

  it('asks for a password, and refuses a wrong one', async () => {
    const login = (password: string) =>
      sshTo(`ssh://pi@127.0.0.1:${board.port}?trust=new`, { home: own, env: { LUPINE_PASSWORD: password } })
    const connection = await (await login('raspberry')).connect()
    await connection.close()
    await expect((await login('wrong')).connect()).rejects.toMatchObject({ failure: { code: 'login-refused' } })
  })

  it('frozen for 30 s: goes on as if nothing had been', async () => {
    const its = await device()
    await its.key()
    const freeze = once(() =>
      board
        .pause()
        .then(() => setTimeout(30_000))
        .then(() => board.resume()),
    )
    const raw = await its.measure([model], shape, { ...effort, onProgress: freeze })
    expect(raw.processes).toHaveLength(1)
  })

  it('whose home is read-only: another folder serves', async () => {
    await board.ssh('mv ~/.cache ~/.aside; mkdir ~/.cache; chmod 500 ~/.cache')
    try {
      expect((await (await device()).measure([model], shape, effort)).processes).toHaveLength(1)
      expect(await board.ssh('ls -d /var/tmp/lupine-1000')).toBe('/var/tmp/lupine-1000')
    } finally {
      await board.ssh('rm -rf ~/.cache /var/tmp/lupine-1000; mv ~/.aside ~/.cache')
    }
  })

  it('whose disk is full: says so, and what to do', async () => {
    await board.ssh('rm -f ~/.cache/lupine/files/*; dd if=/dev/zero of=/var/tmp/fill bs=1M 2>/dev/null; true')
    try {
      await expect((await device()).key()).rejects.toMatchObject({
        failure: { kind: 'device', code: 'board-disk-full', hint: expect.stringContaining('60 MB') },
      })
    } finally {
      await board.ssh('rm /var/tmp/fill')
    }
  })

  it('killed while it measures, then back: goes on by itself, with all it needs copied again', async () => {
    const its = await device()
    await its.key()
    const { port } = board
    let back: Promise<void> | undefined
    const cut = once(() => {
      back = board.kill().then(() => board.up(port))
    })
    const raw = await its.measure([model], shape, { ...effort, processes: 2, onProgress: (done) => done >= 2 && cut() })
    expect(raw.processes.map(({ samples }) => samples[0]!.length)).toEqual([2, 2])
    expect(notes.join(' ')).toContain('Waiting for it')
    await back
  }, 480_000)
})
