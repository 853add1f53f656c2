import { createHash } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { fail } from '../../core/failure'
import { writeAtomically } from '../../formats/onnx/files'
import { configFolder } from '../saved'

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
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw damaged(path, (error as Error).message, error)
  }
  try {
    return file.parse(JSON.parse(text)).hosts
  } catch (error) {
    throw damaged(path, error instanceof SyntaxError ? error.message : 'it is no list of host keys', error)
  }
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

async function write(hosts: readonly KnownHost[], path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 }).catch(() => undefined)
  const text = JSON.stringify({ format: 'lupine-known-hosts', version: 1, hosts }, null, 2)
  await writeAtomically(path, `${text}\n`)
}

const damaged = (path: string, why: string, cause: unknown) =>
  fail(
    'input',
    'known-hosts-damaged',
    `The list of trusted host keys, ${path}, cannot be read: ${why}.`,
    'Mend it, or remove it: boards are then asked about anew.',
    cause,
  )
