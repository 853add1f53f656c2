import type { FileEntry } from '../../src-main/contract'
import type { Failure, Result } from '../../src-main/core/failure'

/** Where paths are looked up. */
export interface FileLookup {
  find(path: string): Promise<Result<FileEntry>>
  /** Something that is to be made in a folder. */
  create(folder: FileEntry, name: string): Promise<Result<FileEntry>>
}

/** What a field names: a file or folder, one that is to be made, images, or a board. */
export type AddressUse = 'path' | 'new' | 'data' | 'device'

const isId = (text: string): boolean => text.startsWith('file:')

/**
 * What was typed as a path, as the id that requests carry: windows name files by ids (contract/files.ts), but people type
 * and paste paths. What is an id or no path stays as it is.
 */
export async function admitted<T extends object>(
  files: FileLookup,
  request: T,
  uses: Readonly<Partial<Record<keyof T, AddressUse>>>,
): Promise<Result<T>> {
  const found: Partial<T> = {}
  for (const [field, use] of Object.entries(uses) as [keyof T, AddressUse][]) {
    const typed = request[field]
    if (typeof typed !== 'string' || typed === '' || isId(typed)) continue
    const address = await addressOf(files, typed, use)
    if (!address.ok) return address
    found[field] = address.value as T[keyof T]
  }
  return { ok: true, value: { ...request, ...found } }
}

async function addressOf(files: FileLookup, typed: string, use: AddressUse): Promise<Result<string>> {
  if (use === 'path') return idOf(files, typed)
  if (use === 'new') return newId(files, typed)
  if (use === 'data') {
    const [, kind, path] = /^(\w+):(.*)$/s.exec(typed) ?? []
    return kind === undefined || isId(path!)
      ? { ok: true, value: typed }
      : prefixed(`${kind}:`, await idOf(files, path!))
  }
  const replay = /^replay:(.*)$/s.exec(typed)
  if (replay && !isId(replay[1]!)) return prefixed('replay:', await idOf(files, replay[1]!))
  if (!typed.startsWith('ssh:') || !URL.canParse(typed)) return { ok: true, value: typed }
  const url = new URL(typed)
  const key = url.searchParams.get('key')
  if (key === null || isId(key)) return { ok: true, value: typed }
  const id = await idOf(files, key)
  if (!id.ok) return id
  url.searchParams.set('key', id.value)
  return { ok: true, value: url.href }
}

const prefixed = (prefix: string, result: Result<string>): Result<string> =>
  result.ok ? { ok: true, value: prefix + result.value } : result

async function idOf(files: FileLookup, path: string): Promise<Result<string>> {
  const found = await files.find(path)
  return found.ok ? { ok: true, value: found.value.id } : found
}

/** Of something that is not there yet, in a folder that is. */
async function newId(files: FileLookup, path: string): Promise<Result<string>> {
  const clean = path.trim().replace(/[\\/]+$/, '')
  const [, parent = '', name = ''] = /^(.*[\\/])?([^\\/]*)$/s.exec(clean) ?? []
  if (name === '') return { ok: false, failure: noName }
  const folder = await files.find(parent === '' ? '.' : parent)
  if (!folder.ok) return folder
  const made = await files.create(folder.value, name)
  return made.ok ? { ok: true, value: made.value.id } : made
}

const noName: Failure = {
  kind: 'usage',
  code: 'name-missing',
  message: 'That names no file or folder.',
  hint: 'Give a folder that is there, and a new name behind it.',
}
