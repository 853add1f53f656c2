/** What opening a folder costs: one readdir per folder, whatever is in it. Counted, not timed. */
import fs from 'node:fs'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { FileSource } from '../../../src-main/datasets/dataset'
import { openDataset } from '../../../src-main/datasets/open'
import { temporaryFolder } from '../../fixtures/temporary'

type Functions = Record<string, (...args: unknown[]) => unknown>

/** Counts calls of everything in node:fs and node:fs/promises while `work` runs; they do what they always do. */
async function counting<T>(work: () => Promise<T>): Promise<{ value: T; calls: Record<string, number> }> {
  const calls: Record<string, number> = {}
  const kept: (() => void)[] = []
  for (const module of [fs, fs.promises] as unknown as Functions[])
    for (const [name, original] of Object.entries(module)) {
      if (typeof original !== 'function' || /^[A-Z_]/.test(name)) continue
      module[name] = function (this: unknown, ...args: unknown[]) {
        calls[name] = (calls[name] ?? 0) + 1
        return original.apply(this, args)
      }
      kept.push(() => (module[name] = original))
    }
  syncBuiltinESMExports()
  try {
    return { value: await work(), calls }
  } finally {
    for (const restore of kept) restore()
    syncBuiltinESMExports()
  }
}

const shape = { channels: 3, height: 224, width: 224 }
/** ILSVRC's layout; the files are empty: whoever looked into one would fail. */
function folderOf(classes: number, perClass: number, add: (path: string) => void): string {
  const folder = temporaryFolder('cost')
  for (const part of ['train', 'val'])
    for (let c = 0; c < classes; c++) {
      const place = join(folder, part, `n${String(c).padStart(8, '0')}`)
      mkdirSync(place, { recursive: true })
      for (let i = 0; i < perClass; i++) add(join(place, `${c}_${i}.JPEG`))
    }
  return folder
}

it('reads the names of each folder once, and asks nothing about any file', async () => {
  const folder = folderOf(40, 50, (path) => writeFileSync(path, ''))
  const { value, calls } = await counting(() => openDataset(`images:${folder}`, { shape }))
  expect(calls).toEqual({ readdir: 1 + 2 + 2 * 40 })
  expect([value.splits.train.size, value.splits.validation.size, value.splits.test.size]).toEqual([1800, 200, 2000])
})

it('asks no more where the files are links', async () => {
  const folder = folderOf(5, 40, (path) => symlinkSync('/nowhere/image.jpg', path))
  const { calls } = await counting(() => openDataset(`images:${folder}`, { shape }))
  expect(calls).toEqual({ readdir: 1 + 2 + 2 * 5 })
})

it('keeps an image’s path, label and size, and nothing else of it', async () => {
  const { splits } = await openDataset(`images:${folderOf(10, 30, (path) => writeFileSync(path, ''))}`, { shape })
  const { labels, source } = splits.train
  const { paths, sizes } = source as FileSource
  const longest = 'train/n00000000/0_00.JPEG'.length
  const bytes = [labels, paths.text, paths.ends, sizes].reduce((sum, { buffer }) => sum + buffer.byteLength, 0)
  expect(bytes).toBeLessThanOrEqual(splits.train.size * (longest + 12))
})
