/** Raw terminals over the real server: a console on a pseudo-terminal with a real shell, and an ssh server's shell. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createProgram } from '../../../src-main/program/create'
import type { Program } from '../../../src-main/program/program'
import { startServer, type RunningServer } from '../../../src-main/serve/server'
import { Console, serialTo } from '../../fixtures/board/console'
import { deviceFailure } from '../../fixtures/board/device'
import { whyNoSerial } from '../../fixtures/board/serial-scene'
import { boardServer, type BoardServer } from '../../fixtures/board/ssh-server'
import { temporaryFolder } from '../../fixtures/temporary'
import { TestClient, until } from './client'

const why = whyNoSerial()
const home = temporaryFolder('terminal-home')
const size = { columns: 80, rows: 24 }

let program: Program
let server: RunningServer
const clients: TestClient[] = []

beforeAll(async () => {
  program = createProgram({ windows: { roots: [home] } })
  server = await startServer(program, { closeWithinMs: 2000, page: home })
})
afterEach(() => {
  for (const { socket } of clients.splice(0)) socket.terminate()
})
afterAll(() => server.close())

const window = async (): Promise<TestClient> => {
  clients.push(await TestClient.open(server.url))
  return clients.at(-1)!
}

async function open(client: TestClient, device: string): Promise<number> {
  const { result } = await client.ask({ type: 'open-terminal', request: { device, ...size } })
  expect(result).toMatchObject({ ok: true })
  return (result as unknown as { value: { terminal: number } }).value.terminal
}

const type = (client: TestClient, terminal: number, text: string) =>
  client.ask({ type: 'type', terminal, data: Buffer.from(text).toString('base64') })

const said = (client: TestClient, terminal: number): Buffer =>
  Buffer.concat(
    client.messages.flatMap((one) =>
      one.type === 'terminal' && one.terminal === terminal ? [Buffer.from(one.data, 'base64')] : [],
    ),
  )

describe.skipIf(why)('a serial line', () => {
  let line: Console
  beforeAll(async () => void (line = await Console.open({ home, state: 'shell' })))
  afterAll(() => line.cut())
  const device = () => `serial:${line.path}?baud=4000000`

  it('carries bytes both ways, text or not', async () => {
    const client = await window()
    const terminal = await open(client, device())
    await type(client, terminal, 'echo $((6*7)); printf "\\377\\001"\n')
    await until(() => /42\r\n\xff\x01/.test(said(client, terminal).toString('latin1')))
    await client.ask({ type: 'close-terminal', terminal })
    await until(() => client.messages.find((one) => one.type === 'terminal-ended' && !one.failure))
    expect((await type(client, terminal, 'x')).result).toMatchObject({ failure: { code: 'terminal-unknown' } })
  })

  it('has one owner: a terminal or a measurement, and whoever comes second hears who it is', async () => {
    const [client, second] = [await window(), await window()]
    const terminal = await open(client, device())
    const busy = deviceFailure('port-busy', /held by a terminal of this program/)
    await expect(serialTo(line.path).connect()).rejects.toMatchObject(busy)
    const again = await second.ask({ type: 'open-terminal', request: { device: device(), ...size } })
    expect(again.result).toMatchObject({ ok: false, ...busy })
    await client.ask({ type: 'close-terminal', terminal })

    const measuring = await serialTo(line.path, { query: 'baud=4000000', purpose: 'the job profile-1' }).connect()
    const refused = await second.ask({ type: 'open-terminal', request: { device: device(), ...size } })
    expect(refused.result).toMatchObject({ ok: false, ...deviceFailure('port-busy', /held by the job profile-1/) })
    await measuring.close()
    await open(second, device())
  })

  it('is free again when its window goes away', async () => {
    const client = await window()
    await open(client, device())
    client.socket.terminate()
    const next = await window()
    const again = { type: 'open-terminal', request: { device: device(), ...size } } as const
    await expect.poll(async () => (await next.ask(again)).result.ok).toBe(true)
  })

  it('that goes away is told, and why', async () => {
    const gone = await Console.open({ home, state: 'shell' })
    const client = await window()
    await open(client, `serial:${gone.path}`)
    await gone.cut()
    const ended = await until(() => client.messages.find((one) => one.type === 'terminal-ended'))
    expect(ended).toMatchObject(deviceFailure('device-lost'))
  })
})

describe.skipIf(process.platform === 'win32')('a host that ssh reaches', () => {
  let host: BoardServer
  beforeAll(async () => {
    process.env['LUPINE_PASSWORD'] = 'raspberry'
    process.env['XDG_CONFIG_HOME'] = temporaryFolder('terminal-config')
    host = await boardServer({ home })
  })
  afterAll(() => host.close())
  const device = () => `ssh://pi@127.0.0.1:${host.port}?trust=new`

  it('gives its shell, of the window’s size, until that ends', async () => {
    const client = await window()
    const terminal = await open(client, device())
    await type(client, terminal, 'echo "$LINES x $COLUMNS on $TERM"\n')
    await until(() => said(client, terminal).includes('24 x 80 on xterm-256color'))
    await client.ask({ type: 'resize-terminal', terminal, columns: 100, rows: 30 })
    await until(() => host.sizes.at(-1) === '100 x 30')
    await type(client, terminal, 'exit\n')
    const ended = await until(() => client.messages.find((one) => one.type === 'terminal-ended'))
    expect(ended).not.toHaveProperty('failure')
  })

  it('is not read ahead of a window that takes nothing, and goes on once it does', async () => {
    const client = await window()
    const terminal = await open(client, device())
    const all = 3 << 20
    await type(client, terminal, `head -c ${all} /dev/zero | tr '\\0' x; echo; echo done\n`)
    const ahead = 256 * 1024
    await until(() => said(client, terminal).length >= ahead)
    await new Promise((resolve) => setTimeout(resolve, 300))
    const stalled = said(client, terminal).length
    // What had been read when the brake was pulled still comes.
    expect(stalled).toBeLessThan(ahead + 128 * 1024)
    let taken = 0
    await until(() => {
      const bytes = said(client, terminal).length - taken
      if (bytes > ahead / 4) void client.ask({ type: 'taken', terminal, bytes })
      if (bytes > ahead / 4) taken += bytes
      return taken >= all && said(client, terminal).subarray(-200).includes('done')
    }, 20_000)
  })

  it('has two terminals of one window, and no more', async () => {
    const client = await window()
    await open(client, device())
    await open(client, device())
    const third = await client.ask({ type: 'open-terminal', request: { device: device(), ...size } })
    expect(third.result).toMatchObject({ failure: { kind: 'usage', code: 'too-many-terminals' } })
  })

  it('that breaks off is told, and why', async () => {
    const client = await window()
    await open(client, device())
    host.cut()
    const ended = await until(() => client.messages.find((one) => one.type === 'terminal-ended'))
    expect(ended).toMatchObject({ failure: { kind: 'device' } })
  })
})

it('is refused where there is no line to have it on, and with a key by its path', async () => {
  const client = await window()
  for (const device of ['local', 'synthetic:1'])
    expect((await client.ask({ type: 'open-terminal', request: { device, ...size } })).result).toMatchObject({
      failure: { kind: 'usage', code: 'terminal-unsupported' },
    })
  const path = await client.ask({ type: 'open-terminal', request: { device: 'ssh://pi@h?key=/etc/passwd', ...size } })
  expect(path.result).toMatchObject({ failure: { code: 'file-not-picked' } })
})
