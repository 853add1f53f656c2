import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { forgetDevice, saveDevice, savedDevices } from '../../../src-main/devices/saved'
import { listSerialPorts } from '../../../src-main/devices/serial-ports'
import { configFolder } from '../../../src-main/devices/settings-file'
import { thisComputer } from '../../../src-main/devices/this-computer'
import { temporaryFolder } from '../../fixtures/temporary'

describe('saved devices', () => {
  let folder: string
  let path: string
  beforeEach(async () => {
    folder = temporaryFolder('saved')
    path = join(folder, 'config', 'devices.json')
  })
  const pi = { name: 'pi', address: 'ssh://user@pi.local', lastUsed: '2026-11-01T10:00:00.000Z' }
  const nano = { name: 'nano', address: 'serial:/dev/ttyUSB0?baud=115200', lastUsed: '2026-11-02T10:00:00.000Z' }

  it('are remembered, the last used first; using one again moves it up', async () => {
    expect(await savedDevices(path)).toEqual([])
    await saveDevice(pi, path)
    await saveDevice(nano, path)
    expect(await savedDevices(path)).toEqual([nano, pi])
    const again = { ...pi, lastUsed: '2026-11-03T10:00:00.000Z' }
    await saveDevice(again, path)
    expect(await savedDevices(path)).toEqual([again, nano])
    // For the user alone: addresses are nobody else's business.
    expect((await stat(join(folder, 'config'))).mode & 0o077).toBe(0)
  })

  it('are forgotten by name; an unknown name is bad input, with the known ones', async () => {
    await saveDevice(pi, path)
    await saveDevice(nano, path)
    expect(await forgetDevice('pi', path)).toEqual(pi)
    expect(await savedDevices(path)).toEqual([nano])
    await expect(forgetDevice('pi', path)).rejects.toMatchObject({
      failure: { kind: 'input', code: 'device-unknown', hint: 'Saved are: nano.' },
    })
  })

  it('whose file is damaged are a named failure, and it stays as it is', async () => {
    await saveDevice(pi, path)
    await writeFile(path, '{"format": "lupine-dev')
    const failure = { failure: { kind: 'input', code: 'devices-damaged', message: expect.stringContaining(path) } }
    await expect(savedDevices(path)).rejects.toMatchObject(failure)
    await expect(saveDevice(nano, path)).rejects.toMatchObject(failure)
    expect(await readFile(path, 'utf8')).toBe('{"format": "lupine-dev')
  })

  it('lie where the platform has settings', () => {
    expect(configFolder({ XDG_CONFIG_HOME: '/x' }, 'linux')).toBe(join('/x', 'lupine'))
    expect(configFolder({ APPDATA: 'C:/App' }, 'win32')).toBe(join('C:/App', 'lupine'))
    expect(configFolder({}, 'darwin')).toMatch(/Application Support.lupine$/)
  })
})

it('serial ports are listed, or a note says why not', async () => {
  const { ports, note } = await listSerialPorts()
  if (note) expect(note).toMatch(/^Serial ports cannot be listed: .+\.$/)
  for (const { path } of ports) expect(path.length).toBeGreaterThan(0)
  // The package itself has to load: its absence would be a defect of the installation.
  expect(note ?? '').not.toContain('Cannot find')
})

it('this computer tells its facts', async () => {
  const { address, cpu, cores, memory, os } = await thisComputer()
  expect([address, cpu.length > 0, os.length > 0]).toEqual(['local', true, true])
  expect(cores.usable).toBeGreaterThan(0)
  expect(cores.all).toBeGreaterThanOrEqual(cores.usable)
  expect(memory.total).toBeGreaterThan(memory.free)
})
