/** A board over a serial line: its console on a pseudo-terminal, a real shell, Python and onnxruntime behind it. */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { openPort } from '../../src-main/devices/transports/serial/port'
import { type Console, serialTo } from '../fixtures/board/console'
import { deviceFailure, effort, serialScene, shape, whyNoSerial } from '../fixtures/board/serial-scene'
import { temporaryFolder } from '../fixtures/temporary'

const why = whyNoSerial()

describe.skipIf(why)('a board on a serial line', () => {
  const { home, model, start, board } = serialScene()
  /** What its console says to whoever presses Enter. */
  const prompt = async ({ path }: Console) => {
    const port = await openPort(path, 4_000_000)
    let said = ''
    port.onData((chunk) => (said += chunk.toString()))
    port.write('\n')
    await expect.poll(() => said, { timeout: 5000 }).toMatch(/(login: |\$ )$/)
    await port.close()
    return said
  }

  it('is logged in to, measured, and given back at its login prompt', async () => {
    const line = await start({ kernel: 1 })
    const its = board(serialTo(line.path))
    const raw = await its.measure([model, model], shape, effort)
    expect(raw.processes[0]!.samples.map((times) => times.length)).toEqual([3, 3])
    expect(raw.device).toMatchObject({ runtime: 'onnxruntime', threads: 1 })
    expect((await its.layers(model, shape, 3)).length).toBeGreaterThan(5)
    await its.close()
    expect(await prompt(line)).toMatch(/login: $/)
  })

  it.each([
    ['at the prompt of a shell', 'shell', /\$ $/],
    ['with a line half typed', 'half', /\$ $/],
    ['while it starts', 'boot', /login: $/],
  ] as const)('is found %s, and given back so', async (_, state, left) => {
    const line = await start({ state })
    // Where somebody is logged in, that is who runs this.
    const its = board(serialTo(line.path, state === 'boot' ? {} : { query: 'baud=4000000' }))
    expect((await its.measure([model], shape, effort)).processes).toHaveLength(1)
    await its.close()
    expect(await prompt(line)).toMatch(left)
    expect(existsSync(join(home, 'typed'))).toBe(false)
  })

  it.each([
    ['wrong password', { password: 'another' }, {}, 'login-refused', /refused the login of pi/],
    ['no password', {}, { env: {} }, 'login-refused', /asks for a password/],
    ['no user', {}, { query: 'baud=4000000' }, 'login-refused', /asks for a user name/],
    ['a boot loader', { state: 'uboot' }, {}, 'console-bootloader', /boot loader/],
    ['a wrong baud rate', { state: 'garbage' }, { query: 'baud=9600' }, 'serial-baud', /at 9600 baud is no text/],
    [
      'somebody else logged in',
      { state: 'shell' },
      { query: 'baud=4000000&user=nobody' },
      'console-taken',
      /not nobody/,
    ],
  ] as const)('%s is said, with a way out', async (_, options, around, code, message) => {
    const line = await start(options)
    await expect(serialTo(line.path, around).connect()).rejects.toMatchObject(deviceFailure(code, message))
    // The port is free again.
    await (await openPort(line.path, 9600)).close()
  })

  it('is not there, held by another program, or no port: each has a name', async () => {
    await expect(serialTo('/dev/ttyNone0').connect()).rejects.toMatchObject(deviceFailure('port-missing', /ttyNone0/))
    const line = await start()
    const holder = spawn('sh', ['-c', `exec sleep 60 <${line.path}`])
    await setTimeout(300)
    await expect(serialTo(line.path).connect()).rejects.toMatchObject(
      deviceFailure('port-busy', /held by sleep \(pid \d+\)/),
    )
    holder.kill()
    await expect(serialTo(model).connect()).rejects.toMatchObject(deviceFailure('port-unusable'))
  })

  it('without onnxruntime says how it gets there; forgotten, it keeps nothing', async () => {
    const bare = temporaryFolder('console-bare')
    const line = await start({ home: bare })
    const its = board(serialTo(line.path))
    await expect(its.key()).rejects.toMatchObject(deviceFailure('library-absent', /is not on the board/))
    expect(readdirSync(join(bare, '.cache/lupine')).length).toBeGreaterThan(0)
    await its.forget()
    expect(existsSync(join(bare, '.cache/lupine'))).toBe(false)
  })
})
