import { randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { largestUpload, type FileEntry } from '../../contract'
import { fail, LupineError } from '../../core/failure'
import type { Upload } from '../program'
import { checkName, type Files } from './files'

/** Days after which an upload goes; a project made of it has its own copy. */
const keptDays = 30

export const uploadsFolder = (): string =>
  join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'lupine', 'uploads')

/**
 * Takes a file from a browser.
 * @throws LupineError input 'name-unusable', 'upload-too-large', 'upload-broken'; usage 'batch-unusable'; work 'not-written'
 */
export async function takeUpload(
  files: Files,
  { name, batch, body }: Upload,
  folder = uploadsFolder(),
  largest = largestUpload,
): Promise<FileEntry> {
  checkName(name)
  if (!/^[\w-]{8,64}$/.test(batch))
    throw fail('usage', 'batch-unusable', 'The batch of an upload is 8 to 64 letters and digits.', 'Choose another.')
  const place = join(folder, batch)
  const part = join(place, `.${randomBytes(6).toString('hex')}.part`)
  try {
    await mkdir(place, { recursive: true, mode: 0o700 })
    await pipeline(body, limited(largest), createWriteStream(part, { flags: 'wx', mode: 0o600 }))
    await rename(part, join(place, name))
  } catch (error) {
    await rm(part, { force: true })
    throw error instanceof LupineError ? error : broken(error as NodeJS.ErrnoException)
  }
  return files.grant(join(place, name))
}

/** Passes on at most so many bytes. */
const limited = (largest: number) =>
  async function* (source: AsyncIterable<Uint8Array>) {
    let total = 0
    for await (const chunk of source) {
      total += chunk.length
      if (total > largest)
        throw fail(
          'input',
          'upload-too-large',
          `The file is larger than ${Math.floor(largest / 2 ** 20)} MiB.`,
          'Copy it to the server, and pick it there.',
        )
      yield chunk
    }
  }

const broken = (error: NodeJS.ErrnoException) =>
  error.code === 'ENOSPC' || error.code === 'EACCES' || error.code === 'EROFS'
    ? fail('work', 'not-written', `The upload could not be kept (${error.code}).`, 'Make room on the server.', error)
    : fail('input', 'upload-broken', 'The upload broke off.', 'Try again.', error)

/** Removes uploads of long ago; what can't be removed stays. */
export async function tidyUploads(folder = uploadsFolder(), now = Date.now()): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const made = await stat(join(folder, name)).catch(() => undefined)
    if (made && now - made.mtimeMs > keptDays * 86_400_000)
      await rm(join(folder, name), { recursive: true, force: true }).catch(() => undefined)
  }
}
