import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import {
  fingerprint,
  forgetHost,
  keyType,
  knownHosts,
  trustHost,
} from '../../../../src-main/devices/transports/known-hosts'
import { temporaryFolder } from '../../../fixtures/temporary'

// ssh-keygen -lf says: 256 SHA256:… of this public key.
const key = Buffer.from('AAAAC3NzaC1lZDI1NTE5AAAAIIuUl0Dw2p3CHJgX4Mh4EWws759Mu7ALaiPzC6m2WpxF', 'base64')
const now = new Date('2026-11-21T12:00:00Z')

it('fingerprints are those of ssh-keygen', () => {
  expect(fingerprint(key)).toBe('SHA256:slf17+n7SMOsoYBCzWGb+Fd7f0qF+BUONtP+IR8GoL0')
  expect([keyType(key), keyType(Buffer.from('no key')), keyType(Buffer.alloc(0))]).toEqual(['ssh-ed25519', '', ''])
})

it('host keys are trusted, replaced and forgotten one by one', async () => {
  const path = join(temporaryFolder('hosts'), 'config', 'known-hosts.json')
  expect(await knownHosts(path)).toEqual([])
  await trustHost('pi:22', key, now, path)
  await trustHost('nano:22', key, now, path)
  await trustHost('pi:22', key, now, path)
  const entry = { type: 'ssh-ed25519', key: key.toString('base64'), since: '2026-11-21T12:00:00.000Z' }
  expect(await knownHosts(path)).toEqual([
    { host: 'nano:22', ...entry },
    { host: 'pi:22', ...entry },
  ])
  expect(statSync(join(path, '..')).mode & 0o077).toBe(0)
  await forgetHost('nano:22', path)
  await forgetHost('nobody:22', path)
  expect((await knownHosts(path)).map(({ host }) => host)).toEqual(['pi:22'])
})

it('a damaged list lets no board pass for unknown', async () => {
  const path = join(temporaryFolder('hosts'), 'known-hosts.json')
  for (const text of ['{"format":', '{"format": "other"}', '[]']) {
    writeFileSync(path, text)
    const failure = { failure: { kind: 'input', code: 'known-hosts-damaged' } }
    await expect(knownHosts(path)).rejects.toMatchObject(failure)
    await expect(trustHost('pi:22', key, now, path)).rejects.toMatchObject(failure)
    expect(readFileSync(path, 'utf8')).toBe(text)
  }
})
