import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { createReadStream } from 'node:fs'
import { join, sep } from 'node:path'
import { createInterface } from 'node:readline'
import type { z } from 'zod'
import { fail, LupineError } from '../core/failure'
import { leadsOutside } from './inside'
import { takenEnding, type Layout } from './layout'
import { hashFile } from './provenance'

/** Bytes; the largest tables seen are a hundredth of it. */
const longestJson = 64 * 2 ** 20
const longestLine = 2 ** 20

/**
 * A JSON file of a project, checked; undefined where there is none (yet).
 * @throws LupineError input 'project-damaged', 'project-leads-outside'
 */
export async function readPart<S extends z.ZodType>(
  files: Layout,
  path: string,
  schema: S,
): Promise<z.output<S> | undefined> {
  const damaged = (what: string, cause?: unknown) =>
    fail('input', 'project-damaged', `${path} ${what}.`, 'Restore the file from a backup, or run again.', cause)
  try {
    await stayInside(files, path)
    if ((await stat(path)).size > longestJson) throw damaged('is larger than 64 MiB')
    const parsed = schema.safeParse(JSON.parse(await readFile(path, 'utf8')))
    if (parsed.success) return parsed.data
    const [issue] = parsed.error.issues
    throw damaged(`is not what it should be: ${issue?.path.join('.') || 'content'}: ${issue?.message}`)
  } catch (error) {
    if (error instanceof LupineError) throw error
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw damaged(`cannot be read: ${(error as Error).message}`, error)
  }
}

/** A file's lines as JSON; what is no JSON (a line that a crash cut short) is passed over. */
export async function* readLines(files: Layout, path: string): AsyncGenerator<unknown> {
  if (!(await stat(path).catch(() => undefined))) return
  await stayInside(files, path)
  const lines = createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Infinity })
  for await (const line of lines) {
    if (line.length > longestLine) continue
    try {
      yield JSON.parse(line)
    } catch {
      // As said above.
    }
  }
}

async function stayInside(files: Layout, path: string): Promise<void> {
  const [root, real] = await Promise.all([realpath(files.root), realpath(path)])
  if (!real.startsWith(root + sep)) throw leadsOutside(files.root, `${path} is a link to ${real}`)
}

/** Raw samples and times per layer, by name, the oldest first. */
export async function listMeasurements(files: Layout) {
  const names = await readdir(files.measurements).catch(() => [])
  const found = await Promise.all(
    names
      .filter((name) => name.endsWith('.json'))
      .map(async (name) => {
        const { size, mtime } = await stat(join(files.measurements, name))
        return { name, bytes: size, modified: mtime.toISOString() }
      }),
  )
  return found.sort((a, b) => a.modified.localeCompare(b.modified) || a.name.localeCompare(b.name))
}

/** Names of taken plans, the first one first; one whose plan or network is gone is none. */
export async function listTaken(files: Layout): Promise<string[]> {
  const names = (await readdir(files.plans).catch(() => [])).flatMap((name) =>
    name.endsWith(takenEnding) ? [name.slice(0, -takenEnding.length)] : [],
  )
  const found = await Promise.all(
    names.map(async (name) => {
      const { plan, model, figures } = files.taken(name)
      const isHere = await Promise.all([plan, model].map((path) => stat(path))).catch(() => undefined)
      return isHere ? [{ name, at: (await stat(figures)).mtimeMs }] : []
    }),
  )
  return found
    .flat()
    .sort((a, b) => a.at - b.at || a.name.localeCompare(b.name))
    .map(({ name }) => name)
}

/** Which of the files that provenance.json vouches for are changed or gone. */
export async function changedFiles(files: Layout, hashes: Readonly<Record<string, string>>): Promise<string[]> {
  const changed: string[] = []
  for (const [name, hash] of Object.entries(hashes)) {
    const path = join(files.root, name)
    // A name that leads out of the folder vouches for nothing.
    const isThere = await stayInside(files, path).then(
      () => true,
      () => false,
    )
    if (!isThere || (await hashFile(path).catch(() => undefined)) !== hash) changed.push(name)
  }
  return changed
}
