/**
 * CIFAR-10 and CIFAR-100, the binary versions (A. Krizhevsky): rows of label bytes and 3072 pixel bytes, the red,
 * green and blue planes of 32 × 32. Held in memory whole (184 MB for CIFAR-10), read once, never copied.
 */
import { open, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fail } from '../core/failure'
import { sharedBytes, sharedIndices, type Dataset, type ImageShape, type Split } from './dataset'
import { permutationOf } from './seeded'

const shape: ImageShape = { channels: 3, height: 32, width: 32 }
const pixels = 3 * 32 * 32

/** Decides which training images are held out for validation; never changed, so that runs stay comparable. */
const holdoutSeed = 20100908
const holdoutMost = 5000

/** How one of the two sets lies on disk. */
interface Variant {
  readonly scheme: string
  readonly train: readonly string[]
  readonly test: string
  /** Class names, one per line. */
  readonly names: string
  /** The folder's name inside the published archive. */
  readonly folder: string
  /** Label bytes before the pixels; the last of them is the class. */
  readonly labels: number
  readonly classes: number
  /** Rows per training file, as published. */
  readonly trainRows: number
  readonly testRows: number
}

const cifar10: Variant = {
  scheme: 'cifar10',
  train: [1, 2, 3, 4, 5].map((n) => `data_batch_${n}.bin`),
  test: 'test_batch.bin',
  names: 'batches.meta.txt',
  folder: 'cifar-10-batches-bin',
  labels: 1,
  classes: 10,
  trainRows: 10_000,
  testRows: 10_000,
}

const cifar100: Variant = {
  scheme: 'cifar100',
  train: ['train.bin'],
  test: 'test.bin',
  names: 'fine_label_names.txt',
  folder: 'cifar-100-binary',
  labels: 2,
  classes: 100,
  trainRows: 50_000,
  testRows: 10_000,
}

/** `validation`: a tenth of the training images, at most 5,000, the same ones always; `train`: the others. */
export const openCifar10 = (folder: string): Promise<Dataset> => openCifar(cifar10, folder)
/** As CIFAR-10, with the 100 fine labels. */
export const openCifar100 = (folder: string): Promise<Dataset> => openCifar(cifar100, folder)

async function openCifar(variant: Variant, address: string): Promise<Dataset> {
  const folder = await findFolder(variant, address)
  const train = await readRows(variant, folder, variant.train, variant.trainRows)
  const test = await readRows(variant, folder, [variant.test], variant.testRows)
  const rowBytes = variant.labels + pixels
  const rows = train.length / rowBytes
  const held = Math.min(holdoutMost, Math.floor(rows / 10))
  const order = permutationOf(rows, holdoutSeed)
  const split = (bytes: Uint8Array, chosen: Uint32Array) => rowSplit(bytes, variant, chosen)
  return {
    address: `${variant.scheme}:${address}`,
    classes: await readNames(variant, folder),
    ...shape,
    splits: {
      train: split(train, order.slice(held).sort()),
      validation: split(train, order.slice(0, held).sort()),
      test: split(
        test,
        Uint32Array.from({ length: test.length / rowBytes }, (_, i) => i),
      ),
    },
    notes: [],
  }
}

/** Some rows of the files' bytes. */
function rowSplit(bytes: Uint8Array, variant: Variant, rows: Uint32Array): Split {
  const rowBytes = variant.labels + pixels
  return {
    size: rows.length,
    shape,
    labels: Int32Array.from(rows, (row) => bytes[row * rowBytes + variant.labels - 1]),
    source: { kind: 'rows', bytes, rowBytes, skip: variant.labels, rows: sharedIndices(rows) },
  }
}

/** The folder itself, or the one of the published archive within it. @throws LupineError 'dataset-missing' */
async function findFolder(variant: Variant, folder: string): Promise<string> {
  const wanted = [...variant.train, variant.test]
  const expected =
    variant.train.length > 1 ? `data_batch_1.bin to data_batch_5.bin and ${variant.test}` : wanted.join(' and ')
  const missing = (message: string) =>
    fail(
      'input',
      'dataset-missing',
      message,
      `${variant.scheme}:DIR wants the folder with ${expected}, the binary version of the set (in its archive: ${variant.folder}).`,
    )
  const found = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw missing(`There is no folder ${folder}.`)
    if (error.code === 'ENOTDIR') throw missing(`${folder} is a file, not a folder.`)
    throw unreadable(folder, error)
  })
  const absent = wanted.filter((name) => !found.includes(name))
  if (absent.length === 0) return folder
  if (absent.length === wanted.length && found.includes(variant.folder))
    return findFolder(variant, join(folder, variant.folder))
  throw missing(`${folder} lacks ${absent.join(', ')}; ${describe(found)}.`)
}

function describe(found: readonly string[]): string {
  if (found.length === 0) return 'it is empty'
  const more = found.length > 6 ? ` and ${found.length - 6} more` : ''
  return `it holds ${found.slice(0, 6).join(', ')}${more}`
}

/** All rows of the files, one after another, in one piece of memory; their sizes and labels checked. */
async function readRows(variant: Variant, folder: string, names: readonly string[], full: number): Promise<Uint8Array> {
  const rowBytes = variant.labels + pixels
  const sizes = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name)
      return (await stat(path).catch((error: Error) => Promise.reject(unreadable(path, error)))).size
    }),
  )
  // Sets cut down to fewer rows are fine as long as rows are whole; beside a file of the published size, a
  // smaller one has lost some.
  const published = sizes.includes(full * rowBytes)
  names.forEach((name, i) => checkSize(join(folder, name), sizes[i], rowBytes, published ? full : undefined))

  const bytes = sharedBytes(sizes.reduce((sum, size) => sum + size, 0))
  let offset = 0
  for (const [i, name] of names.entries()) {
    const path = join(folder, name)
    const part = bytes.subarray(offset, offset + sizes[i])
    await readInto(path, part)
    checkLabels(path, part, variant)
    offset += sizes[i]
  }
  return bytes
}

function checkSize(path: string, size: number, rowBytes: number, publishedRows: number | undefined): void {
  const rows = Math.floor(size / rowBytes)
  const rest = size % rowBytes
  const expected = (publishedRows ?? Math.max(1, rest > 0 ? rows + 1 : rows)) * rowBytes
  if (size === expected) return
  const where =
    rest > 0
      ? `row ${rows + 1} breaks off after ${rest} of its ${rowBytes} bytes`
      : `it ends after row ${rows}, and ${expected / rowBytes} belong in it`
  throw fail(
    'input',
    'dataset-truncated',
    `${path} is ${size} bytes long, ${expected} were expected: ${size > expected ? 'it goes on after its last row' : where}.`,
    'Unpack or copy the file again; each row is ' + `${rowBytes} bytes (label and 3 × 32 × 32 pixels).`,
  )
}

async function readInto(path: string, into: Uint8Array): Promise<void> {
  try {
    const file = await open(path)
    try {
      for (let at = 0; at < into.length;) {
        const { bytesRead } = await file.read(into, at, into.length - at, at)
        if (bytesRead === 0) throw new Error('the file became shorter while it was read')
        at += bytesRead
      }
    } finally {
      await file.close()
    }
  } catch (error) {
    throw unreadable(path, error as Error)
  }
}

function checkLabels(path: string, bytes: Uint8Array, { labels, classes }: Variant): void {
  const rowBytes = labels + pixels
  for (let at = labels - 1, row = 1; at < bytes.length; at += rowBytes, row++)
    if (bytes[at] >= classes)
      throw fail(
        'input',
        'dataset-label',
        `${path} has the label ${bytes[at]} in row ${row} (byte ${at}); labels go from 0 to ${classes - 1}.`,
        'Is it the binary version of this set, and whole? A lost byte shifts all that follow. Unpack or copy it again.',
      )
}

/** Class names from the set's own list, or their numbers where it is not there. */
async function readNames(variant: Variant, folder: string): Promise<string[]> {
  const text = await readFile(join(folder, variant.names), 'utf8').catch(() => '')
  const names = text.split('\n').flatMap((line) => line.trim() || [])
  return Array.from({ length: variant.classes }, (_, i) => (names.length === variant.classes ? names[i] : String(i)))
}

const unreadable = (path: string, error: Error) =>
  fail(
    'input',
    'dataset-unreadable',
    `${path} can't be read: ${error.message}.`,
    'Check the permissions and the disk.',
    error,
  )
