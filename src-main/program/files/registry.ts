import { createHmac, randomBytes } from 'node:crypto'
import { lstat, realpath } from 'node:fs/promises'
import { basename, dirname, join, parse, relative, resolve, sep } from 'node:path'
import { fail } from '../../core/failure'
import { shownName } from '../../core/text'

/** More are browsed in no session; the oldest go, and a window that still has one is told to pick again. */
const mostIds = 200_000

/** What a file that was picked stands for, checked anew at every use. */
export interface Reached {
  /** As it was picked, for people. */
  readonly path: string
  /** After all links: what is opened. */
  readonly real: string
  readonly exists: boolean
}

/**
 * Which files windows may speak of, and the ids they do it by. Reachable is what lies, after all links are followed,
 * inside a root or inside what a person chose by other means (a dialog, a drop, an upload, a project of this program).
 */
export class FileRegistry {
  private readonly secret = randomBytes(32)
  private readonly paths = new Map<string, string>()
  private readonly granted = new Set<string>()

  private constructor(
    /** Real paths. */
    readonly roots: readonly string[],
  ) {}

  /** Roots that are not there are left out. */
  static async create(roots: readonly string[]): Promise<FileRegistry> {
    const real = await Promise.all(roots.map((root) => realpath(resolve(root)).catch(() => undefined)))
    return new FileRegistry([...new Set(real.filter((root) => root !== undefined))])
  }

  /** The id of a path, the same each time. Knowing it opens nothing: that is decided at use. */
  idOf(path: string): string {
    const id = `file:${createHmac('sha256', this.secret).update(path).digest('base64url').slice(0, 22)}`
    // Once more at the end: what is used stays longest.
    this.paths.delete(id)
    this.paths.set(id, path)
    if (this.paths.size > mostIds) this.paths.delete(this.paths.keys().next().value!)
    return id
  }

  /** A person chose it: it, and what is in it, may be used from now on. @returns its id */
  async grant(path: string): Promise<string> {
    const absolute = resolve(path)
    const { real } = await realOf(absolute)
    if (real !== undefined) this.granted.add(real)
    return this.idOf(absolute)
  }

  /**
   * What an id stands for now.
   * @throws LupineError input 'file-unknown', 'file-outside', 'file-missing' (unless `missingIsFine`)
   */
  async reach(id: string, missingIsFine = false): Promise<Reached> {
    const path = this.paths.get(id)
    if (path === undefined)
      throw fail(
        'input',
        'file-unknown',
        'This file was picked in an earlier session.',
        'Pick it again; what is picked is known as long as the program runs.',
      )
    return this.reachPath(path, missingIsFine)
  }

  /** As `reach`, for a path. @throws LupineError input 'file-outside', 'file-missing' */
  async reachPath(path: string, missingIsFine = false): Promise<Reached> {
    const { real, exists } = await realOf(path)
    // Whether a file outside exists is nobody's business here: the same answer either way.
    if (real === undefined || !this.isInside(real)) throw this.outside(path)
    if (!exists && !missingIsFine)
      throw fail(
        'input',
        'file-missing',
        `${shownName(path)} is not there any more.`,
        'It was moved or removed meanwhile; pick another one.',
      )
    return { path, real, exists }
  }

  /** The folders from the root that holds `path` down to it, itself left out. */
  parentsOf(path: string): string[] {
    const holds = [...this.roots, ...this.granted].filter((root) => within(path, root))
    const top = holds.sort((a, b) => a.length - b.length)[0]
    if (top === undefined || top === path) return []
    const steps = relative(top, path).split(sep).slice(0, -1)
    return steps.reduce((folders, step) => [...folders, join(folders.at(-1)!, step)], [top])
  }

  private outside(path: string) {
    return fail(
      'input',
      'file-outside',
      `${shownName(path)} is outside of what may be reached from the window.`,
      this.roots.length > 0
        ? 'Start the server with --root FOLDER for every folder to be reached (without it: your home and the folder it was started in), or upload the file.'
        : 'Pick it in the dialog, or drop it on the window.',
    )
  }

  isInside(real: string): boolean {
    return this.roots.some((root) => within(real, root)) || [...this.granted].some((root) => within(real, root))
  }
}

const within = (path: string, root: string): boolean =>
  path === root || path.startsWith(root === parse(root).root ? root : root + sep)

/**
 * The real path of what need not exist: that of the nearest folder that does, and the rest behind it. Undefined where a
 * link leads nowhere: what is written to it would turn up at the other end.
 */
async function realOf(path: string): Promise<{ real: string | undefined; exists: boolean }> {
  const real = await realpath(path).catch(() => undefined)
  if (real !== undefined) return { real, exists: true }
  const isLink = await lstat(path).then(
    (found) => found.isSymbolicLink(),
    () => false,
  )
  if (isLink || dirname(path) === path) return { real: undefined, exists: false }
  const parent = await realOf(dirname(path))
  return { real: parent.real === undefined ? undefined : join(parent.real, basename(path)), exists: false }
}
