import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createProgram } from '../../src-main/program/create'
import { writeClasses } from '../fixtures/image-folder'
import { temporaryFolder } from '../fixtures/temporary'

it('shows what a folder of images is: balance, pictures, and what cannot be read', async () => {
  const folder = temporaryFolder('preview')
  await writeClasses(join(folder, 'train'), { red: [200, 30, 30], blue: [30, 30, 200] }, 6)
  await writeClasses(join(folder, 'val'), { red: [200, 30, 30], blue: [30, 30, 200] }, 2)
  await writeFile(join(folder, 'val/red/broken.jpg'), 'no picture')
  const program = createProgram()
  const result = await program.call('data.preview', { address: `images:${folder}`, split: 'test', images: 50 })
  await program.close()
  if (!result.ok) throw new Error(result.failure.message)
  const { classes, splits, images, shape } = result.value
  expect(classes).toEqual(['blue', 'red'])
  expect(shape).toEqual({ channels: 3, height: 160, width: 160 })
  expect(splits.train.images + splits.validation.images).toBe(12)
  expect(splits.test.perClass).toEqual([2, 3])
  expect(images).toHaveLength(5)
  for (const { picture, name, label, why } of images) {
    if (name.includes('broken')) expect([picture, why]).toEqual(['', expect.stringContaining('no JPEG')])
    else expect(picture).toMatch(/^data:image\/(jpeg|png);base64,/)
    expect(name.includes('red/')).toBe(label === 1)
  }
}, 60_000)
