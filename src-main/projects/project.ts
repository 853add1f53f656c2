import { mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { z } from 'zod'
import { fail, LupineError, type Failure } from '../core/failure'
import { writeAtomically } from '../formats/onnx/files'
import { checkInside } from './inside'
import { layout, layoutVersion, type Layout } from './layout'
import { lockOwner, tryLock, type Lock } from './lock'

/** project.json */
export interface ProjectFile {
  readonly format: 'lupine-project'
  readonly version: number
  readonly created: string
  /** The job that made it: 'run' or 'demo', with its request. */
  readonly kind: string
  readonly request: unknown
}

export interface Project {
  readonly files: Layout
  readonly about: ProjectFile
  /** Called once, when the folder is gone or another process has taken it over: nothing may be written any more. */
  onLost(listener: (failure: Failure) => void): void
  close(): Promise<void>
}

/**
 * Makes a project in `folder` (which may exist, empty or with other files) and locks it.
 * @throws LupineError 'project-exists', 'project-locked', 'not-written'
 */
export async function createProject(folder: string, kind: string, request: unknown): Promise<Project> {
  const files = layout(resolve(folder))
  await makeFolder(files.root)
  const lock = await lockProject(files)
  try {
    const names = await readdir(files.root)
    if (names.includes('project.json'))
      throw fail(
        'usage',
        'project-exists',
        `${files.root} already holds a run.`,
        `Go on with it (lupine resume ${folder}), or give another folder with --out.`,
      )
    for (const dir of [files.measurements, files.checkpoints, files.stages]) await makeFolder(dir)
    const about: ProjectFile = {
      format: 'lupine-project',
      version: layoutVersion,
      created: new Date().toISOString(),
      kind,
      request,
    }
    await writeAtomically(files.project, `${JSON.stringify(about, null, 2)}\n`)
    return locked(files, about, lock)
  } catch (error) {
    await lock.release()
    throw error
  }
}

/** A project as it lies there: nothing is locked, nothing changed. */
export interface ProjectFolder {
  readonly files: Layout
  readonly about: ProjectFile
}

const aboutSchema = z.looseObject({
  format: z.literal('lupine-project'),
  version: z.number().int().positive(),
})
const projectFile = aboutSchema.extend({ created: z.string(), kind: z.string(), request: z.unknown() })

/** project.json is a request and some settings. */
const longestAbout = 2 ** 20

/**
 * Reads what a project is.
 * @throws LupineError 'project-missing', 'project-damaged', 'project-newer', 'project-leads-outside'
 */
export async function readProject(folder: string): Promise<ProjectFolder> {
  const files = layout(resolve(folder))
  const damaged = (what: string, hint: string, cause?: unknown) =>
    fail('input', 'project-damaged', `${files.project} ${what}.`, hint, cause)
  let text: string
  try {
    if ((await stat(files.project)).size > longestAbout)
      throw damaged('is far too large for what it says', 'Restore the file from a backup, or start a new run.')
    text = await readFile(files.project, 'utf8')
  } catch (error) {
    if (error instanceof LupineError) throw error
    throw fail(
      'input',
      'project-missing',
      `${files.root} is not a Lupine project: it has no project.json.`,
      'Give the --out folder of a run.',
      error,
    )
  }
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch (error) {
    throw damaged(
      `is not JSON: ${(error as Error).message}`,
      'Restore the file from a backup, or start a new run.',
      error,
    )
  }
  const known = aboutSchema.safeParse(content)
  if (!known.success) throw damaged('is not a Lupine project file', 'Give the --out folder of a run.')
  if (known.data.version > layoutVersion)
    throw fail(
      'input',
      'project-newer',
      `${files.root} was written by a newer Lupine (layout ${known.data.version}; this one knows ${layoutVersion}).`,
      'Use the newer Lupine.',
    )
  const about = projectFile.safeParse(content)
  if (!about.success)
    throw damaged(
      `lacks ${about.error.issues[0]?.path.join('.') ?? 'what a project has'}`,
      'Restore the file from a backup, or start a new run.',
    )
  await checkInside(files.root)
  return { files, about: about.data }
}

/**
 * Opens and locks a project.
 * @throws LupineError as readProject; usage 'project-locked'
 */
export async function openProject(folder: string): Promise<Project> {
  const { files, about } = await readProject(folder)
  return locked(files, about, await lockProject(files))
}

const locked = (files: Layout, about: ProjectFile, lock: Lock): Project => ({
  files,
  about,
  onLost: (listener) =>
    lock.onLost((why) => {
      const told = why === 'gone' ? gone(files.root) : taken(files.root)
      listener(told.failure)
    }),
  close: () => lock.release(),
})

const gone = (root: string) =>
  fail(
    'work',
    'project-gone',
    `The folder ${root} was removed or moved while the run was writing to it.`,
    'If it was moved, resume it where it is now; if it was removed, start again.',
  )

const taken = (root: string) =>
  fail(
    'work',
    'project-taken',
    `Another Lupine took ${root} over, because this one had not stirred for a minute and a half.`,
    'Go on in the other one, or stop it and resume.',
  )

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true })
  } catch (error) {
    throw fail(
      'work',
      'not-written',
      `The folder ${path} cannot be made: ${(error as Error).message}.`,
      'Give a folder that is yours to write with --out.',
      error,
    )
  }
}

async function lockProject(files: Layout): Promise<Lock> {
  const lock = await tryLock(files.lock)
  if (lock) return lock
  const owner = await lockOwner(files.lock)
  const who = owner === process.pid ? 'this Lupine already' : `another Lupine (process ${owner ?? 'unknown'})`
  throw fail(
    'usage',
    'project-locked',
    `${files.root} is in use by ${who}.`,
    'Wait until it has finished, or stop it. The window can watch it meanwhile.',
  )
}
