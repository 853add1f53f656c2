/** `images:DIR`: a folder per class, or images without labels. */
import { resolve } from 'node:path'
import { fail } from '../../core/failure'
import type { Dataset, ImageShape, Split } from '../dataset'
import { contentOf, imagesOfClasses, imagesUnder, layoutHint, type Content } from './listing'
import { packPaths } from './paths'
import { divideGiven, divideWhole, type Divided, type Listed } from './splits'

const splitNames = {
  train: ['train', 'training'],
  validation: ['val', 'valid', 'validation'],
  test: ['test'],
} as const
type SplitName = keyof typeof splitNames

/**
 * Reads the names of a folder's images; the images themselves are read when they are asked for, brought to `shape`.
 * Classes are the names of the folders, sorted. See splits.ts for what is trained and what is tested on.
 * @throws LupineError input 'dataset-missing', 'dataset-unreadable', 'dataset-empty', 'dataset-class-empty',
 *   'dataset-layout'; 'interrupted'
 */
export async function openFolder(folder: string, shape: ImageShape, signal?: AbortSignal): Promise<Dataset> {
  const top = await contentOf(folder, signal)
  const given = await givenSplits(folder, top, signal)
  const { classes, divided, notes } = given
    ? await readGiven(folder, given, signal)
    : await readWhole(folder, top, signal)
  const root = resolve(folder)
  const split = ({ paths, labels }: Listed): Split => ({
    size: paths.length,
    shape,
    labels: Int32Array.from(labels),
    source: {
      kind: 'files',
      root,
      paths: packPaths(paths),
      sizes: new Uint32Array(new SharedArrayBuffer(paths.length * 4)),
    },
  })
  return {
    address: `images:${folder}`,
    classes,
    ...shape,
    splits: { train: split(divided.train), validation: split(divided.validation), test: split(divided.test) },
    notes,
  }
}

interface Read {
  readonly classes: readonly string[]
  readonly divided: Divided
  readonly notes: readonly string[]
}

type Given = Partial<Record<SplitName, { readonly folder: string; readonly content: Content }>>

/**
 * The folders train/, val/ and test/; undefined when the folder is not divided so: a class may be called "train" too,
 * and then it holds images beside other classes' folders.
 */
async function givenSplits(folder: string, top: Content, signal?: AbortSignal): Promise<Given | undefined> {
  const given: Given = {}
  for (const [split, names] of Object.entries(splitNames) as [SplitName, readonly string[]][]) {
    const name = top.folders.find((candidate) => names.includes(candidate.toLowerCase()))
    if (name) given[split] = { folder: name, content: await contentOf(`${folder}/${name}`, signal) }
  }
  const found = Object.values(given)
  if (found.length === 0) return undefined
  const alone = found.length === top.folders.length
  return alone || found.some(({ content }) => content.folders.length > 0) ? given : undefined
}

async function readGiven(folder: string, given: Given, signal?: AbortSignal): Promise<Read> {
  const notes: string[] = []
  const labelled = Object.values(given).some(({ content }) => content.folders.length > 0)
  const classes = labelled ? ((given.train ?? given.validation ?? given.test)!.content.folders as string[]) : []
  const listed: Partial<Record<SplitName, Listed>> = {}
  for (const [split, part] of Object.entries(given) as [SplitName, NonNullable<Given[SplitName]>][]) {
    if (labelled && part.content.folders.length === 0) {
      // ILSVRC's own test images have no labels; there is val/ to judge by.
      if (split === 'test' && given.validation) continue
      throw unsorted(`${folder}/${part.folder}`, part.content)
    }
    listed[split] = labelled
      ? await readClasses(folder, part.folder, part.content, classes, split === 'train', notes, signal)
      : unlabelled(await imagesUnder(folder, part.folder, signal))
  }
  for (const [split, part] of Object.entries(listed))
    if (part.paths.length === 0) throw empty(`${folder}/${given[split as SplitName]!.folder}`)
  return { classes, divided: divideGiven(listed, classes.length), notes }
}

async function readWhole(folder: string, top: Content, signal?: AbortSignal): Promise<Read> {
  const notes: string[] = []
  if (top.folders.length === 0) {
    if (top.images.length === 0) throw empty(folder, top)
    return { classes: [], divided: divideWhole(unlabelled([...top.images]), 1), notes }
  }
  const all = await readClasses(folder, '', top, top.folders, true, notes, signal)
  return { classes: top.folders, divided: divideWhole(all, top.folders.length), notes }
}

const unlabelled = (paths: string[]): Listed => ({ paths, labels: paths.map(() => -1) })

/** The images of the classes' folders. Each class must have some where it is trained; others may lack it. */
async function readClasses(
  root: string,
  folder: string,
  content: Content,
  classes: readonly string[],
  all: boolean,
  notes: string[],
  signal?: AbortSignal,
): Promise<Listed> {
  const place = folder ? `${root}/${folder}` : root
  const unknown = content.folders.filter((name) => !classes.includes(name))
  if (unknown.length > 0)
    throw fail(
      'input',
      'dataset-layout',
      `${place} has ${listOf(unknown)}, which the training images lack.`,
      'Name the classes’ folders alike under train/ and val/, or remove what does not belong there.',
    )
  const found = await imagesOfClasses(root, folder, content.folders, signal)
  const bare = content.folders.filter((_, i) => found[i].length === 0)
  if (bare.length === content.folders.length) throw empty(place, content)
  if (all && bare.length > 0)
    throw fail(
      'input',
      'dataset-class-empty',
      `${place} has no images for ${listOf(bare)}.`,
      'Every folder is a class: put JPEG, PNG or WebP files in, or remove the folder.',
    )
  if (content.images.length > 0)
    notes.push(`${countOf(content.images.length)} directly in ${place} belong to no class and were left out.`)
  const labels = content.folders.map((name) => classes.indexOf(name))
  return {
    paths: found.flat(),
    labels: found.flatMap((paths, i) => paths.map(() => labels[i])),
  }
}

function empty(place: string, content?: Content) {
  const others = [...(content?.folders ?? []), ...(content?.others ?? [])]
  const holds = others.length ? `; it holds ${listOf(others)}` : ''
  return fail('input', 'dataset-empty', `${place} holds no JPEG, PNG or WebP images${holds}.`, layoutHint)
}

const unsorted = (place: string, { images }: Content) =>
  fail(
    'input',
    'dataset-layout',
    `${place} has ${countOf(images.length)} but no folder per class, as the other part has.`,
    'Sort them into folders named as the other part’s (for ILSVRC’s validation images there are scripts, valprep.sh for one).',
  )

const countOf = (images: number): string => (images === 1 ? 'one image' : `${images} images`)

function listOf(names: readonly string[]): string {
  const more = names.length > 5 ? ` and ${names.length - 5} more` : ''
  return `${names.slice(0, 5).join(', ')}${more}`
}
