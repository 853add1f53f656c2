import { constants } from 'node:fs'
import { copyFile, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { randomBytes } from 'node:crypto'
import type { z } from 'zod'
import type { CallResult, fileCopy, FileEntry, fileNew, filePick } from '../../contract'
import { fail } from '../../core/failure'
import { shownName } from '../../core/text'
import { samplePath } from '../sample'
import { entryOf } from './entries'
import { FileRegistry } from './registry'

/** The system's own dialogs, where a door has them. */
export interface Dialogs {
  /** @returns paths; none when it was cancelled */
  pick(request: z.output<typeof filePick.request>): Promise<readonly string[]>
  reveal(path: string): void
}

export interface FileOptions {
  /** Folders in which windows may look around; with dialogs, none. */
  readonly roots: readonly string[]
  readonly dialogs?: Dialogs | undefined
}

/** Files as windows reach them (contract/files.ts). */
export class Files {
  private constructor(
    readonly registry: FileRegistry,
    private readonly dialogs: Dialogs | undefined,
  ) {}

  static async create({ roots, dialogs }: FileOptions): Promise<Files> {
    const registry = await FileRegistry.create(roots)
    await registry.grant(samplePath())
    return new Files(registry, dialogs)
  }

  entry(path: string): Promise<FileEntry> {
    return entryOf(this.registry, path)
  }

  /** An entry for what a person chose outside of the window: dropped, double-clicked, uploaded. */
  async grant(path: string): Promise<FileEntry> {
    await this.registry.grant(path)
    return this.entry(resolve(path))
  }

  async places(): Promise<CallResult<'files.places'>> {
    return {
      dialogs: this.dialogs !== undefined,
      roots: await Promise.all(this.registry.roots.map((root) => this.entry(root))),
      sample: await this.entry(samplePath()),
    }
  }

  /** @throws LupineError input 'file-outside', 'file-missing' */
  async find({ path }: { path: string }): Promise<FileEntry> {
    const typed = path.trim().replace(/^~(?=$|[\\/])/, homedir())
    const { path: found } = await this.registry.reachPath(resolve(this.registry.roots[0] ?? homedir(), typed))
    return this.entry(found)
  }

  /** @throws LupineError input 'name-unusable'; as FileRegistry.reach */
  async new({ folder, name }: z.output<typeof fileNew.request>): Promise<FileEntry> {
    checkName(name)
    const { real } = await this.registry.reach(folder)
    const { path } = await this.registry.reachPath(join(real, name), true)
    return this.entry(path)
  }

  /** @throws LupineError usage 'no-dialogs' */
  async pick(request: z.output<typeof filePick.request>): Promise<CallResult<'files.pick'>> {
    if (!this.dialogs) throw noDialogs()
    const paths = await this.dialogs.pick(request)
    return { entries: await Promise.all(paths.map((path) => this.grant(path))) }
  }

  /** @throws LupineError usage 'no-dialogs' */
  async reveal({ file }: { file: string }): Promise<Record<string, never>> {
    if (!this.dialogs) throw noDialogs()
    this.dialogs.reveal((await this.registry.reach(file)).real)
    return {}
  }

  /** @throws LupineError usage 'file-exists'; work 'not-written'; as FileRegistry.reach */
  async copy({ from, to, overwrite }: z.output<typeof fileCopy.request>): Promise<FileEntry> {
    const source = await this.registry.reach(from)
    const target = await this.registry.reach(to, true)
    if (target.exists && !overwrite)
      throw fail(
        'usage',
        'file-exists',
        `There is a ${shownName(target.path)} already.`,
        'Choose another name, or say that it is to be replaced.',
      )
    const part = `${target.real}.${randomBytes(4).toString('hex')}.part`
    try {
      await copyFile(source.real, part, constants.COPYFILE_EXCL)
      await rename(part, target.real)
    } catch (error) {
      await rm(part, { force: true })
      const reason = (error as NodeJS.ErrnoException).code ?? 'unknown'
      throw fail(
        'work',
        'not-written',
        `${shownName(basename(source.path))} could not be copied to ${shownName(target.path)} (${reason}).`,
        reason === 'ENOSPC' ? 'The disk is full: free some space.' : 'Choose a folder that is yours to write.',
        error,
      )
    }
    return this.entry(target.path)
  }
}

/** @throws LupineError input 'name-unusable' */
export function checkName(name: string): void {
  const usable =
    name.trim() === name &&
    !/[\\/]|\p{Cc}|\p{Cf}|\p{Cs}|[<>:"|?*]|^\.{1,2}$|\.$/u.test(name) &&
    Buffer.byteLength(name) <= 255
  if (usable) return
  throw fail(
    'input',
    'name-unusable',
    `“${shownName(name, 80)}” is no name for a file.`,
    'Use letters, digits, blanks, “-”, “_” and “.”; at most 255 bytes.',
  )
}

const noDialogs = () =>
  fail(
    'usage',
    'no-dialogs',
    'There are no dialogs of the system here: the window is in a browser.',
    'Browse with files.places and files.list, or upload the file.',
  )
