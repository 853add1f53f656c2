import { readdir, realpath } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { fail } from '../core/failure'

/**
 * Makes sure that nothing in a project's folder leads outside of it: a link in a project that came from elsewhere could
 * have its files read, or written over, in another place.
 * @throws LupineError input 'project-leads-outside'
 */
export async function checkInside(root: string): Promise<void> {
  const real = await realpath(root)
  for (const entry of await readdir(real, { recursive: true, withFileTypes: true })) {
    if (!entry.isSymbolicLink()) continue
    const path = join(entry.parentPath, entry.name)
    const target = await realpath(path).catch(() => undefined)
    if (target !== undefined && target.startsWith(real + sep)) continue
    throw leadsOutside(root, `${path} is a link to ${target ?? 'nowhere'}`)
  }
}

/** @param how what leads where */
export const leadsOutside = (root: string, how: string) =>
  fail(
    'input',
    'project-leads-outside',
    `${root} is not used, since it leads outside of its folder: ${how}.`,
    'Somebody changed the project. Remove the link, or take an untouched copy.',
  )
