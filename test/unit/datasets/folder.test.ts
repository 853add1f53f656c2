import { chmodSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { LupineError, type Failure } from '../../../src-main/core/failure'
import type { FileSource, Split } from '../../../src-main/datasets/dataset'
import { pathAt } from '../../../src-main/datasets/images/paths'
import { openDataset, splitOf } from '../../../src-main/datasets/open'
import { temporaryFolder } from '../../fixtures/temporary'

const shape = { channels: 3, height: 8, width: 8 }
/** Only names count here: nothing is decoded. */
function folderOf(...files: readonly string[]): string {
  const folder = temporaryFolder('data')
  for (const file of files) {
    mkdirSync(file.endsWith('/') ? join(folder, file) : dirname(join(folder, file)), { recursive: true })
    if (!file.endsWith('/')) writeFileSync(join(folder, file), '')
  }
  return folder
}
const open = (folder: string) => openDataset(`images:${folder}`, { shape })
const many = (place: string, count: number, extension = 'jpg') =>
  Array.from({ length: count }, (_, i) => `${place}/${i}.${extension}`)
const pathsOf = ({ source }: Split): string[] => {
  const { paths } = source as FileSource
  return Array.from({ length: paths.ends.length }, (_, i) => pathAt(paths, i))
}
const failureOf = async (work: Promise<unknown>): Promise<Failure> =>
  work.then(
    () => Promise.reject(new Error('It did not fail.')),
    (error: LupineError) => error.failure,
  )

describe('a folder per class', () => {
  it('takes classes in the order of their sorted names, whatever order the disk has', async () => {
    const data = await open(folderOf(...many('zebra', 3), ...many('Ant', 3), ...many('ape', 3)))
    expect(data.classes).toEqual(['Ant', 'ape', 'zebra'])
    const { train } = data.splits
    pathsOf(train).forEach((path, i) => expect(path.startsWith(`${data.classes[train.labels[i]]}/`)).toBe(true))
  })

  it('holds a tenth of each class out to validate and one to test, the same images always', async () => {
    const folder = folderOf(...many('a', 40), ...many('b', 20), ...many('c', 2))
    const [{ splits }, again] = [await open(folder), (await open(folder)).splits]
    const count = (split: Split) => [0, 1, 2].map((label) => split.labels.filter((l) => l === label).length)
    expect([count(splits.test), count(splits.validation), count(splits.train)]).toEqual([
      [4, 2, 0],
      [3, 1, 0],
      [33, 17, 2],
    ])
    const all = Object.values(splits).flatMap(pathsOf)
    expect(new Set(all).size).toBe(62)
    expect(pathsOf(splits.test)).toEqual(pathsOf(again.test))
  })

  it('looks into subfolders, follows links, and passes over what is hidden or no image', async () => {
    const folder = folderOf('a/x/1.JPEG', 'a/x/y/2.webp', 'a/.3.jpg', 'a/4.txt', '.git/5.png', '__MACOSX/a/1.jpg')
    const elsewhere = folderOf('b/6.png')
    symlinkSync(join(elsewhere, 'b'), join(folder, 'b'))
    const { classes, splits } = await open(folder)
    expect(classes).toEqual(['a', 'b'])
    expect(pathsOf(splits.train)).toEqual(['a/x/1.JPEG', 'a/x/y/2.webp', 'b/6.png'])
  })

  it('says that images of no class were left out', async () => {
    const { notes } = await open(folderOf(...many('a', 3), 'cover.png'))
    expect(notes).toEqual([expect.stringMatching(/^one image directly in .* belong to no class and were left out\.$/)])
  })

  it('may have a class called train', async () => {
    expect((await open(folderOf(...many('train', 3), ...many('bus', 3)))).classes).toEqual(['bus', 'train'])
  })
})

describe('train/ and val/', () => {
  it('are kept; val is what is tested on, and validation comes out of train', async () => {
    const { splits, classes } = await open(
      folderOf(...many('train/a', 20), ...many('train/b', 20), ...many('val/a', 2), ...many('val/b', 3)),
    )
    expect(classes).toEqual(['a', 'b'])
    expect([splits.train.size, splits.validation.size, splits.test.size]).toEqual([36, 4, 5])
    expect(pathsOf(splits.validation).every((path) => path.startsWith('train/'))).toBe(true)
    expect([...splits.test.labels]).toEqual([0, 0, 1, 1, 1])
  })

  it('keep a test/ beside them', async () => {
    const { splits } = await open(folderOf(...many('Train/a', 5), ...many('Validation/a', 3), ...many('test/a', 2)))
    expect([splits.train.size, splits.validation.size, splits.test.size]).toEqual([5, 3, 2])
  })

  it('are divided further where there is only train/', async () => {
    const { splits } = await open(folderOf(...many('train/a', 30)))
    expect([splits.train.size, splits.validation.size, splits.test.size]).toEqual([25, 2, 3])
  })

  it('leave ILSVRC’s unlabelled test images alone', async () => {
    const { splits } = await open(folderOf(...many('train/a', 5), ...many('val/a', 3), ...many('test', 9)))
    expect(splits.test.size).toBe(3)
  })

  it('serve to evaluate where there is only val/', async () => {
    const data = await open(folderOf(...many('val/a', 2), ...many('val/b', 3)))
    expect([data.splits.train.size, data.splits.test.size]).toEqual([0, 5])
    expect(() => splitOf(data, 'train')).toThrow('has no training images')
  })

  it('must have the same classes', async () => {
    const failure = await failureOf(open(folderOf(...many('train/a', 3), ...many('val/b', 3))))
    expect(failure).toMatchObject({ kind: 'input', code: 'dataset-layout' })
    expect(failure.message).toMatch(/val has b, which the training images lack\.$/)
  })

  it('must both be sorted by class', async () => {
    const failure = await failureOf(open(folderOf(...many('train/a', 3), ...many('val', 3))))
    expect(failure.code).toBe('dataset-layout')
    expect(failure.message).toContain('val has 3 images but no folder per class')
  })
})

describe('images without labels', () => {
  it('are divided too', async () => {
    const { classes, splits } = await open(folderOf(...Array.from({ length: 30 }, (_, i) => `${i}.png`)))
    expect(classes).toEqual([])
    expect([splits.train.size, splits.validation.size, splits.test.size]).toEqual([25, 2, 3])
    expect(new Set(splits.train.labels)).toEqual(new Set([-1]))
  })

  it('may lie under train/ and val/', async () => {
    const { classes, splits } = await open(folderOf(...many('train', 20), ...many('val', 4)))
    expect([classes.length, splits.train.size, splits.test.size]).toEqual([0, 18, 4])
  })
})

describe('what is wrong is named', () => {
  it.each([
    ['a folder that is not there', () => '/nowhere/images', 'dataset-missing', 'There is no folder /nowhere/images.'],
    ['a folder without images', () => folderOf('notes.txt'), 'dataset-empty', 'WebP images; it holds notes.txt'],
    ['empty classes', () => folderOf('a/', 'b/'), 'dataset-empty', 'it holds a, b'],
    ['one empty class', () => folderOf('a/1.jpg', 'b/x.txt'), 'dataset-class-empty', 'has no images for b.'],
    ['an empty val/', () => folderOf('train/a/1.jpg', 'val/a/'), 'dataset-empty', 'val holds no JPEG'],
  ])('%s', async (_, folder, code, message) => {
    const failure = await failureOf(open(folder()))
    expect(failure).toMatchObject({ kind: 'input', code })
    expect(failure.message).toContain(message)
  })

  it.skipIf(process.getuid?.() === 0)('a class that may not be read', async () => {
    const folder = folderOf('a/1.jpg', 'b/1.jpg')
    chmodSync(join(folder, 'b'), 0)
    const failure = await failureOf(open(folder))
    chmodSync(join(folder, 'b'), 0o700)
    expect(failure.code).toBe('dataset-unreadable')
    expect(failure.message).toContain(join(folder, 'b'))
  })

  it('stops when told to', async () => {
    const signal = AbortSignal.abort()
    await expect(openDataset(`images:${folderOf('a/1.jpg')}`, { shape, signal })).rejects.toThrow('aborted')
  })
})

it('keeps names that are not ASCII', async () => {
  const folder = folderOf('a/1.jpg')
  renameSync(join(folder, 'a/1.jpg'), join(folder, 'a/Größe – 大.jpg'))
  expect(pathsOf((await open(folder)).splits.train)).toEqual(['a/Größe – 大.jpg'])
})
