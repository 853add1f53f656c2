/** `lupine devices` on the built command line. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { commandLine } from '../fixtures/command-line'
import { withoutTensorFlow } from '../fixtures/engines/tools'
import { temporaryFolder } from '../fixtures/temporary'

const dir = temporaryFolder('devices')
const pi = { name: 'pi', address: 'ssh://user@127.0.0.1:9', lastUsed: '2026-11-01T10:00:00.000Z' }

const run = commandLine({ env: { XDG_CONFIG_HOME: dir, APPDATA: dir } })
const lupine = (...args: string[]) => run('devices', ...args)
const answer = (...args: string[]) => JSON.parse(lupine(...args, '--json').stdout) as Record<string, unknown>

beforeAll(() => {
  mkdirSync(join(dir, 'lupine'))
  const file = { format: 'lupine-devices', version: 1, devices: [pi] }
  writeFileSync(join(dir, 'lupine', 'devices.json'), JSON.stringify(file))
})

it('shows saved boards, this computer, and what TensorFlow runs on and why', () => {
  const { saved, serialPorts, local, tensorflow } = answer()
  expect(saved).toEqual([pi])
  expect(serialPorts).toBeInstanceOf(Array)
  expect(local).toMatchObject({ address: 'local', cores: { all: cpus().length } })
  const { device, why } = tensorflow as { device: string | null; why: string }
  expect(['cpu', 'cuda', null]).toContain(device)
  expect(device === null).toBe(withoutTensorFlow !== undefined)
  expect(why).toMatch(/\.$/)
  expect(lupine().stdout).toMatch(/^local: .*\n(.*\n)*TensorFlow.*: /)
})

it('forgets a board, once', () => {
  const notes = [expect.stringMatching(/^Nothing was removed from the board: .*nothing listens on port 9/)]
  expect(answer('forget', 'pi')).toEqual({ forgot: pi, saved: [], cleaned: false, notes })
  const again = lupine('forget', 'pi', '--json')
  expect([again.status, JSON.parse(again.stdout)]).toMatchObject([3, { error: { code: 'device-unknown' } }])
  expect(lupine('forget').status).toBe(2)
  expect(lupine('remember', 'pi').status).toBe(2)
})
