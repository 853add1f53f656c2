import type { Dirent } from 'node:fs'
import { opendir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { CallResult } from '../../contract'
import { fail } from '../../core/failure'
import { shownName } from '../../core/text'
import { entryOf } from './entries'
import type { FileRegistry } from './registry'

/** Entries in one answer, and names looked at in one folder: a folder of a million images must not hold anybody up. */
const mostEntries = 500
const mostNames = 50_000

interface ListRequest {
  readonly folder: string
  readonly want: 'model' | 'plan' | 'folder' | 'any'
  readonly hidden: boolean
  readonly filter: string
  readonly from: number
}

const endings: Readonly<Record<ListRequest['want'], RegExp | undefined>> = {
  model: /\.onnx$/i,
  plan: /\.json$/i,
  folder: /^$/,
  any: undefined,
}

/** `files.list`. @throws LupineError input 'file-unknown', 'file-outside', 'file-missing', 'folder-unreadable' */
export async function listFolder(registry: FileRegistry, request: ListRequest): Promise<CallResult<'files.list'>> {
  const { path, real } = await registry.reach(request.folder)
  const { found, outside } = await namesIn(registry, real, shownName(path), request)
  const names = found.sort((a, b) => Number(b.folder) - Number(a.folder) || order.compare(a.name, b.name))
  const shown = names.slice(request.from, request.from + mostEntries)
  return {
    folder: await entryOf(registry, real),
    parents: await Promise.all(registry.parentsOf(real).map((parent) => entryOf(registry, parent))),
    entries: await Promise.all(shown.map(({ name }) => entryOf(registry, join(real, name)))),
    total: names.length,
    outside,
  }
}

const order = new Intl.Collator('en', { numeric: true })

async function namesIn(registry: FileRegistry, folder: string, shown: string, request: ListRequest) {
  const found: { name: string; folder: boolean }[] = []
  let [outside, seen] = [0, 0]
  const filter = request.filter.toLowerCase()
  try {
    for await (const entry of await opendir(folder)) {
      if (++seen > mostNames) break
      const { name } = entry
      if ((!request.hidden && name.startsWith('.')) || !name.toLowerCase().includes(filter)) continue
      const kind = await kindOf(registry, folder, entry)
      if (kind === 'outside') outside++
      else if (kind === 'folder' || (kind === 'file' && (endings[request.want]?.test(name) ?? true)))
        found.push({ name, folder: kind === 'folder' })
    }
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code
    throw fail(
      'input',
      'folder-unreadable',
      `${shown} ${reason === 'ENOTDIR' ? 'is not a folder' : `cannot be read (${reason ?? 'unknown'})`}.`,
      'Pick another folder, or check its permissions.',
      error,
    )
  }
  return { found, outside }
}

/** Sockets, devices and pipes are neither. */
async function kindOf(registry: FileRegistry, folder: string, entry: Dirent) {
  if (entry.isDirectory()) return 'folder'
  if (entry.isFile()) return 'file'
  if (!entry.isSymbolicLink()) return undefined
  const real = await realpath(join(folder, entry.name)).catch(() => undefined)
  if (real === undefined || !registry.isInside(real)) return 'outside'
  const target = await stat(real).catch(() => undefined)
  return target?.isDirectory() ? 'folder' : target?.isFile() ? 'file' : undefined
}
