import { access, lstat, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { FileEntry } from '../../contract'
import { shownName } from '../../core/text'
import type { FileRegistry } from './registry'

/** An entry for what lies at a path, links followed; of kind 'new' where nothing does. */
export async function entryOf(registry: FileRegistry, path: string): Promise<FileEntry> {
  const shown = { id: registry.idOf(path), name: shownName(basename(path) || path), path: shownName(path, 400) }
  const found = await stat(path).catch(() => undefined)
  if (!found) {
    // A link to nowhere has a name that nothing new can take.
    const link = await lstat(path).catch(() => undefined)
    return { ...shown, kind: link ? 'file' : 'new' }
  }
  const modified = found.mtime.toISOString()
  if (!found.isDirectory()) return { ...shown, kind: 'file', bytes: found.size, modified }
  return { ...shown, kind: (await isProject(path)) ? 'project' : 'folder', modified }
}

export const isProject = (folder: string): Promise<boolean> =>
  access(join(folder, 'project.json')).then(
    () => true,
    () => false,
  )
