import { join } from 'node:path'
import { z } from 'zod'
import { fail } from '../../core/failure'
import { configFolder, readSettings, writeSettings } from '../../devices/settings-file'

/** More, nobody looks through. */
const mostRecent = 30

const recentFile = z.object({
  format: z.literal('lupine-recent'),
  version: z.literal(1),
  projects: z.array(z.object({ path: z.string(), opened: z.string().describe('ISO 8601') })),
})
export type RecentProject = z.infer<typeof recentFile>['projects'][number]

const storePath = (): string => join(configFolder(), 'recent.json')

/** Projects opened before, the last one first. @throws LupineError input 'recent-damaged' */
export async function recentProjects(path = storePath()): Promise<RecentProject[]> {
  const read = (content: unknown) => recentFile.parse(content).projects
  const damaged = (why: string, cause: unknown) =>
    fail(
      'input',
      'recent-damaged',
      `The list of projects opened before, ${path}, cannot be read: ${why}.`,
      'Remove it; projects themselves are not touched by that.',
      cause,
    )
  return (await readSettings(path, read, damaged)) ?? []
}

/** Puts a project first. */
export async function rememberProject(project: string, path = storePath()): Promise<void> {
  // A list that can't be read is begun anew: it holds nothing that is not elsewhere.
  const others = (await recentProjects(path).catch(() => [])).filter((one) => one.path !== project)
  const projects = [{ path: project, opened: new Date().toISOString() }, ...others].slice(0, mostRecent)
  await writeSettings(path, { format: 'lupine-recent', version: 1, projects })
}

export async function forgetProject(project: string, path = storePath()): Promise<void> {
  const projects = (await recentProjects(path)).filter((one) => one.path !== project)
  await writeSettings(path, { format: 'lupine-recent', version: 1, projects })
}
