import { renameSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { LupineError, type Failure } from '../../../src-main/core/failure'
import { openDataset } from '../../../src-main/datasets/open'
import { imageOf } from '../../fixtures/splits'
import { temporaryFolder } from '../../fixtures/temporary'
import { rowsOf, smallCifar10 } from './small-cifar'

async function failureOf(address: string): Promise<Failure> {
  const error: unknown = await openDataset(address).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof LupineError)) throw new Error(`${address} did not fail with a LupineError`)
  return error.failure
}

describe('cifar10', () => {
  it('reads rows, labels and class names', async () => {
    const names = 'airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n'
    const data = await openDataset(`cifar10:${smallCifar10(20, { 'batches.meta.txt': names })}`)
    expect(data).toMatchObject({ channels: 3, height: 32, width: 32 })
    expect(data.classes.slice(0, 3)).toEqual(['airplane', 'automobile', 'bird'])
    const image = imageOf(data.splits.test, 7)
    expect([image.length, image[0], image[3071]]).toEqual([3072, 207, 207])
    expect(data.splits.test.labels[7]).toBe(7)
  })

  it('holds the same tenth of the training images out, and nothing twice', async () => {
    const folder = smallCifar10(20)
    const [once, again] = [await openDataset(`cifar10:${folder}`), await openDataset(`cifar10:${folder}`)]
    const ids = (split: (typeof once)['splits']['train']) =>
      Array.from({ length: split.size }, (_, i) => imageOf(split, i)[0])
    const { train, validation } = once.splits
    expect([train.size, validation.size]).toEqual([90, 10])
    expect([...ids(train), ...ids(validation)].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i))
    expect(ids(validation)).toEqual(ids(again.splits.validation))
  })

  it('numbers the classes where no names are', async () => {
    expect((await openDataset(`cifar10:${smallCifar10(2)}`)).classes).toEqual([...'0123456789'])
  })

  it('looks into the folder of the published archive', async () => {
    const outer = temporaryFolder('data')
    renameSync(smallCifar10(2), join(outer, 'cifar-10-batches-bin'))
    expect((await openDataset(`cifar10:${outer}`)).splits.test.size).toBe(2)
  })
})

describe('cifar100', () => {
  it('takes the fine label, the second of two bytes', async () => {
    const folder = temporaryFolder('data')
    writeFileSync(join(folder, 'train.bin'), rowsOf(30, 0, 2, 100))
    writeFileSync(join(folder, 'test.bin'), rowsOf(25, 50, 2, 100))
    const { classes, splits } = await openDataset(`cifar100:${folder}`)
    const image = imageOf(splits.test, 24)
    expect([classes.length, splits.train.size, splits.test.labels[24], image[0], image[3071]]).toEqual([
      100, 27, 24, 74, 74,
    ])
  })
})

describe('what is wrong is named, with its place and the way out', () => {
  it('a folder that is not there', async () => {
    const failure = await failureOf('cifar10:/nowhere/cifar')
    expect(failure).toMatchObject({ kind: 'input', code: 'dataset-missing' })
    expect(failure.message).toBe('There is no folder /nowhere/cifar.')
    expect(failure.hint).toContain('data_batch_1.bin to data_batch_5.bin and test_batch.bin')
  })

  it('files that are not there, and what is there instead', async () => {
    const folder = smallCifar10(2, { 'data_batch_3.bin': undefined, 'test_batch.bin': undefined, 'notes.txt': 'x' })
    const failure = await failureOf(`cifar10:${folder}`)
    expect(failure).toMatchObject({ kind: 'input', code: 'dataset-missing' })
    expect(failure.message).toContain('lacks data_batch_3.bin, test_batch.bin; it holds data_batch_1.bin')
  })

  it('a file in the place of a folder', async () => {
    const failure = await failureOf(`cifar10:${join(smallCifar10(1), 'test_batch.bin')}`)
    expect(failure.message).toContain('is a file, not a folder')
  })

  it('a row that breaks off', async () => {
    const folder = smallCifar10(20, { 'data_batch_4.bin': rowsOf(20).subarray(0, 19 * 3073 + 100) })
    const failure = await failureOf(`cifar10:${folder}`)
    expect(failure).toMatchObject({ kind: 'input', code: 'dataset-truncated' })
    expect(failure.message).toBe(
      `${join(folder, 'data_batch_4.bin')} is 58487 bytes long, 61460 were expected: row 20 breaks off after 100 of its 3073 bytes.`,
    )
  })

  it('an empty file', async () => {
    const failure = await failureOf(`cifar10:${smallCifar10(2, { 'test_batch.bin': '' })}`)
    expect(failure.message).toContain('is 0 bytes long, 3073 were expected: it ends after row 0, and 1 belong in it')
  })

  it('whole rows missing beside files of the published size', async () => {
    const folder = smallCifar10(1)
    truncateSync(join(folder, 'data_batch_1.bin'), 30_730_000)
    truncateSync(join(folder, 'data_batch_2.bin'), 30_726_927)
    const failure = await failureOf(`cifar10:${folder}`)
    expect(failure.code).toBe('dataset-truncated')
    expect(failure.message).toContain('data_batch_2.bin is 30726927 bytes long, 30730000 were expected')
    expect(failure.message).toContain('ends after row 9999')
  })

  it('a label that is none', async () => {
    const bytes = rowsOf(20)
    bytes[3073 * 6] = 10
    const folder = smallCifar10(20, { 'data_batch_2.bin': bytes })
    const failure = await failureOf(`cifar10:${folder}`)
    expect(failure).toMatchObject({ kind: 'input', code: 'dataset-label' })
    expect(failure.message).toContain('data_batch_2.bin has the label 10 in row 7 (byte 18438); labels go from 0 to 9.')
  })

  it('image folders for a network of no fixed size', async () => {
    const failure = await failureOf(`images:${temporaryFolder('data')}`)
    expect(failure).toMatchObject({ kind: 'input', code: 'dataset-size' })
    expect(failure.hint).toContain('fixed height and width')
  })

  it.each(['cifar', 'imagenet:/data', 'cifar10', 'cifar10:', '', 'toString:x'])('the address "%s"', async (address) => {
    expect(await failureOf(address)).toMatchObject({ kind: 'usage', code: 'dataset-address' })
  })
})
