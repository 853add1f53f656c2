import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { z } from 'zod'
import { fail } from '../../core/failure'
import { configFolder, readSettings, writeSettings } from '../settings-file'

const file = z.object({
  format: z.literal('lupine-known-hosts'),
  version: z.literal(1),
  hosts: z.array(z.object({ host: z.string(), type: z.string(), key: z.string(), since: z.string() })),
})
/** `host` is "name:port", `key` base64 as in OpenSSH's files, `since` ISO 8601. */
export type KnownHost = z.infer<typeof file>['hosts'][number]

const storePath = (): string => join(configFolder(), 'known-hosts.json')

/** As ssh prints it: SHA256:… */
export const fingerprint = (key: Uint8Array): string =>
  `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`

/** The type that stands at the beginning of a public key: "ssh-ed25519". Empty where there is none. */
export function keyType(key: Uint8Array): string {
  const view = new DataView(key.buffer, key.byteOffset, key.byteLength)
  const length = key.byteLength >= 4 ? view.getUint32(0) : 0
  return length <= 64 && key.byteLength >= 4 + length ? Buffer.from(key.subarray(4, 4 + length)).toString('latin1') : ''
}

/** @throws LupineError input 'known-hosts-damaged': a board must not pass for unknown because a file is broken */
export async function knownHosts(path = storePath()): Promise<KnownHost[]> {
  const parse = (content: unknown): KnownHost[] => {
    const read = file.safeParse(content)
    if (!read.success) throw new Error('it is no list of host keys')
    return read.data.hosts
  }
  return (await readSettings(path, parse, (why, cause) => damaged(path, why, cause))) ?? []
}

/** Trusts a key from now on. @throws LupineError as knownHosts; work 'not-written' */
export async function trustHost(host: string, key: Uint8Array, now: Date, path = storePath()): Promise<void> {
  const others = (await knownHosts(path)).filter((known) => known.host !== host)
  const entry = { host, type: keyType(key), key: Buffer.from(key).toString('base64'), since: now.toISOString() }
  await write([...others, entry], path)
}

/** @throws LupineError as knownHosts; work 'not-written' */
export async function forgetHost(host: string, path = storePath()): Promise<void> {
  const hosts = await knownHosts(path)
  const others = hosts.filter((known) => known.host !== host)
  if (others.length < hosts.length) await write(others, path)
}

const write = (hosts: readonly KnownHost[], path: string): Promise<void> =>
  writeSettings(path, { format: 'lupine-known-hosts', version: 1, hosts })

const damaged = (path: string, why: string, cause: unknown) =>
  fail(
    'input',
    'known-hosts-damaged',
    `The list of trusted host keys, ${path}, cannot be read: ${why}.`,
    'Mend it, or remove it: boards are then asked about anew.',
    cause,
  )
