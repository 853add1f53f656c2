/** What lies in a folder of images. Only names are read: 200,000 files take a second or two. */
import type { Dirent } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { fail } from '../../core/failure'

const imageName = /\.(jpe?g|jpe|jfif|png|webp)$/i
/** Folders that archives and systems leave behind; and what begins with a dot. */
const hidden = (name: string): boolean => name.startsWith('.') || name === '__MACOSX'
/** Folders within a class's folder are looked through so deep. */
const deepest = 8
/** Folders read at once. */
const atOnce = 16

/** One folder's own content, names sorted (by code unit, as Python's sorted does). */
export interface Content {
  readonly folders: readonly string[]
  readonly images: readonly string[]
  /** Other files, that are not hidden. */
  readonly others: readonly string[]
}

/** @throws LupineError input 'dataset-missing', 'dataset-unreadable'; 'interrupted' */
export async function contentOf(path: string, signal?: AbortSignal): Promise<Content> {
  signal?.throwIfAborted()
  const entries = await readdir(path, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    throw unreadable(path, error)
  })
  const folders: string[] = []
  const images: string[] = []
  const others: string[] = []
  for (const entry of entries) {
    if (hidden(entry.name)) continue
    const kind = await kindOf(path, entry)
    if (kind === 'folder') folders.push(entry.name)
    else if (kind === 'file') (imageName.test(entry.name) ? images : others).push(entry.name)
  }
  return { folders: folders.sort(), images: images.sort(), others: others.sort() }
}

/**
 * Links are followed: large sets are often put together out of them. By one that is called like an image, an image is
 * meant, and nothing is asked of the disk. Neither: pipes and sockets, from which reading might never return.
 */
async function kindOf(path: string, entry: Dirent): Promise<'folder' | 'file' | undefined> {
  if (entry.isDirectory()) return 'folder'
  if (entry.isFile()) return 'file'
  if (!entry.isSymbolicLink()) return undefined
  if (imageName.test(entry.name)) return 'file'
  const link = join(path, entry.name)
  const found = await stat(link).catch(() => undefined)
  if (!found?.isDirectory()) return 'file'
  return (await leadsUp(path, link)) ? undefined : 'folder'
}

/** Whether a link leads to the folder it lies in, or one above: round in a circle. */
async function leadsUp(path: string, link: string): Promise<boolean> {
  const [here, there] = [await realpath(path), await realpath(link)]
  return here === there || here.startsWith(there.endsWith(sep) ? there : there + sep)
}

/** The images under a folder, however deep, as sorted paths relative to `root`. @throws as contentOf */
export async function imagesUnder(root: string, folder: string, signal?: AbortSignal, depth = 0): Promise<string[]> {
  const { folders, images } = await contentOf(join(root, folder), signal)
  const found = images.map((name) => (folder ? `${folder}/${name}` : name))
  if (depth < deepest)
    for (const name of folders)
      for (const path of await imagesUnder(root, `${folder}/${name}`, signal, depth + 1)) found.push(path)
  return folders.length ? found.sort() : found
}

/** The images of each class's folder under `folder`, in the order of the names given. @throws as contentOf */
export async function imagesOfClasses(
  root: string,
  folder: string,
  names: readonly string[],
  signal?: AbortSignal,
): Promise<string[][]> {
  const found: string[][] = names.map(() => [])
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < names.length) {
      const i = next++
      found[i] = await imagesUnder(root, folder ? `${folder}/${names[i]}` : names[i], signal)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return found
}

function unreadable(path: string, error: NodeJS.ErrnoException) {
  if (error.code === 'ENOENT') return missing(`There is no folder ${path}.`)
  if (error.code === 'ENOTDIR') return missing(`${path} is a file, not a folder.`)
  return fail(
    'input',
    'dataset-unreadable',
    `${path} can't be read: ${error.message}.`,
    'Check the permissions and the disk.',
    error,
  )
}

export const layoutHint =
  'images:DIR wants a folder per class with JPEG, PNG or WebP files in it, directly in DIR or under DIR/train and DIR/val; or, where labels are not needed, the images alone.'

const missing = (message: string) => fail('input', 'dataset-missing', message, layoutHint)
