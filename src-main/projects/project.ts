import { mkdir, readdir, readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fail } from '../core/failure'
import { writeAtomically } from '../formats/onnx/files'
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
    return { files, about, close: () => lock.release() }
  } catch (error) {
    await lock.release()
    throw error
  }
}

/**
 * Opens and locks a project.
 * @throws LupineError 'project-missing', 'project-damaged', 'project-newer', 'project-locked'
 */
export async function openProject(folder: string): Promise<Project> {
  const files = layout(resolve(folder))
  let text: string
  try {
    text = await readFile(files.project, 'utf8')
  } catch (error) {
    throw fail(
      'input',
      'project-missing',
      `${files.root} is not a Lupine project: it has no project.json.`,
      'Give the --out folder of a run.',
      error,
    )
  }
  let about: ProjectFile
  try {
    about = JSON.parse(text) as ProjectFile
  } catch (error) {
    throw fail(
      'input',
      'project-damaged',
      `${files.project} is not JSON: ${(error as Error).message}.`,
      'Restore the file from a backup, or start a new run.',
      error,
    )
  }
  if (about.format !== 'lupine-project')
    throw fail(
      'input',
      'project-damaged',
      `${files.project} is not a Lupine project file.`,
      'Give the --out folder of a run.',
    )
  if (about.version > layoutVersion)
    throw fail(
      'input',
      'project-newer',
      `${files.root} was written by a newer Lupine (layout ${about.version}; this one knows ${layoutVersion}).`,
      'Use the newer Lupine.',
    )
  const lock = await lockProject(files)
  return { files, about, close: () => lock.release() }
}

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
  throw fail(
    'usage',
    'project-locked',
    `${files.root} is in use by another Lupine (process ${owner}).`,
    'Wait until it has finished, or stop it.',
  )
}
