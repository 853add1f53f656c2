/** The states in which a serial console may be found, and what cannot be got past. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openPort } from '../../src-main/devices/transports/serial/port'
import { serialTo } from '../fixtures/board/console'
import { deviceFailure, effort, shape } from '../fixtures/board/device'
import { prompt, serialScene, whyNoSerial } from '../fixtures/board/serial-scene'
import { temporaryFolder } from '../fixtures/temporary'

const why = whyNoSerial()

describe.skipIf(why)('a board on a serial line', () => {
  const { home, model, start, board } = serialScene()
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
