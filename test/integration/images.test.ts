import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LupineError } from '../../src-main/core/failure'
import { createRandom } from '../../src-main/core/statistics/random'
import { drawMove } from '../../src-main/datasets/augmentation'
import type { Dataset, ImageShape, Split } from '../../src-main/datasets/dataset'
import { centreWindow, randomWindow, type Window } from '../../src-main/datasets/images/geometry'
import { openByteLoader, openLoader, type ImageBatch } from '../../src-main/datasets/loading/loader'
import { LoaderThreads } from '../../src-main/datasets/loading/threads'
import { openDataset } from '../../src-main/datasets/open'
import { createOrder, inBatches, spread } from '../../src-main/datasets/order'
import { readSplit } from '../fixtures/splits'
import { writeClasses, writePlain } from '../fixtures/image-folder'
import { temporaryFolder } from '../fixtures/temporary'

const half = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] }
const augment = { crop: 4, flip: true, cutout: 6 }

const base = temporaryFolder('images')
const threads = new LoaderThreads()
afterAll(() => threads.close())

let folders = 0
/** A data set of a fresh folder that `write` fills. */
async function dataset(write: (folder: string) => Promise<unknown>, side = 8, channels = 3): Promise<Dataset> {
  const folder = join(base, String(folders++))
  await mkdir(folder)
  await write(folder)
  const shape: ImageShape = { channels, height: side, width: side }
  return openDataset(`images:${folder}`, { shape })
}

const everything = (split: Split, batch = 4) => inBatches(spread(split.size), batch)

/** Batches as copies: the loader's memory is overwritten. */
async function collect(
  batches: AsyncIterable<ImageBatch>,
): Promise<{ images: number[]; labels: number[]; indices: number[] }[]> {
  const all = []
  for await (const { images, labels, indices } of batches)
    all.push({ images: [...images], labels: [...labels], indices: [...indices] })
  return all
}

/** Bytes of the only training image, HWC. */
async function decoded(name: string, bytes: Buffer, side = 8, channels = 3): Promise<number[]> {
  const data = await dataset(
    async (folder) => {
      await mkdir(join(folder, 'a'))
      await writeFile(join(folder, 'a', name), bytes)
    },
    side,
    channels,
  )
  const loader = openByteLoader(threads, data.splits.train, { layout: 'NHWC' })
  for await (const { images } of loader.batches([Uint32Array.of(0)])) return [...images]
  throw new Error(JSON.stringify(loader.unreadable))
}

const plain = (r: number, g: number, b: number, width = 20, height = 16) =>
  sharp({ create: { width, height, channels: 3, background: { r, g, b } } })
const near = (pixels: number[], ...colour: number[]) =>
  pixels.forEach((value, i) => expect(Math.abs(value - colour[i % colour.length]!)).toBeLessThanOrEqual(6))

describe('decoding', () => {
  it('reads JPEG, PNG and WebP, whatever they are called', async () => {
    near(await decoded('1.jpg', await plain(200, 40, 90).jpeg().toBuffer()), 200, 40, 90)
    near(await decoded('1.png', await plain(200, 40, 90).png({ palette: true }).toBuffer()), 200, 40, 90)
    near(await decoded('1.webp', await plain(200, 40, 90).webp().toBuffer()), 200, 40, 90)
    near(await decoded('1.JPEG', await plain(200, 40, 90).png().toBuffer()), 200, 40, 90)
  })

  it('makes colour of grey and of CMYK, 8 bits of 16, and lays transparent pictures on white', async () => {
    near(await decoded('1.jpg', await plain(120, 120, 120).grayscale().jpeg().toBuffer()), 120, 120, 120)
    const cmyk = await decoded('1.jpg', await plain(255, 255, 255).toColourspace('cmyk').jpeg().toBuffer())
    near(cmyk, 255, 255, 255)
    const deep = sharp(new Uint16Array(16 * 16 * 3).fill(0x4000), { raw: { width: 16, height: 16, channels: 3 } })
    near(await decoded('1.png', await deep.toColourspace('rgb16').png().toBuffer()), 64, 64, 64)
    const clear = sharp(new Uint8Array(16 * 16 * 4), { raw: { width: 16, height: 16, channels: 4 } })
    near(await decoded('1.png', await clear.png().toBuffer()), 255, 255, 255)
  })

  it('makes grey of colour for networks of one channel', async () => {
    near(await decoded('1.png', await plain(90, 90, 90).png().toBuffer(), 8, 1), 90)
  })

  it('turns pictures as their EXIF orientation says', async () => {
    // Left half black, right half white; orientation 6 turns it by 90° clockwise: black above.
    const pixels = Uint8Array.from({ length: 16 * 16 * 3 }, (_, i) => (Math.floor(i / 3) % 16 < 8 ? 0 : 255))
    const image = sharp(pixels, { raw: { width: 16, height: 16, channels: 3 } }).withMetadata({ orientation: 6 })
    const out = await decoded('1.jpg', await image.jpeg({ quality: 100 }).toBuffer())
    near(out.slice(0, 3 * 8 * 3), 0)
    near(out.slice(-3 * 8 * 3), 255)
  })

  it('shows the centre: of a wide picture the middle, of a large one 224/256', async () => {
    const pixels = Uint8Array.from(
      { length: 96 * 32 * 3 },
      (_, i) => [10, 120, 240][Math.floor((Math.floor(i / 3) % 96) / 32)]!,
    )
    const wide = await sharp(pixels, { raw: { width: 96, height: 32, channels: 3 } })
      .png()
      .toBuffer()
    near((await decoded('1.png', wide, 32)).slice(3 * 32 * 16 + 9, 3 * 32 * 16 + 87), 120)
    // A frame of 8 around 128: the resized 256-picture's border of 16 at 224 is cut away.
    const framed = Uint8Array.from({ length: 128 * 128 * 3 }, (_, i) => {
      const [x, y] = [Math.floor(i / 3) % 128, Math.floor(i / 3 / 128)]
      return Math.min(x, y, 127 - x, 127 - y) < 7 ? 0 : 200
    })
    const frame = await sharp(framed, { raw: { width: 128, height: 128, channels: 3 } })
      .png()
      .toBuffer()
    near(await decoded('1.png', frame, 112), 200)
  })

  it('refuses what only pretends to be an image', async () => {
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
    await expect(decoded('1.png', svg)).rejects.toThrow('it is no JPEG, PNG or WebP image')
  })
})

describe('a network of 72 × 72', () => {
  const side = 72
  const size = { width: side, height: side }
  /** Noise in which every pixel differs from its neighbours: what is off by one shows. */
  const noise = (width: number, height: number, seed: number) => {
    const random = createRandom(seed)
    const pixels = Uint8Array.from({ length: width * height * 3 }, () => random.below(256))
    return sharp(pixels, { raw: { width, height, channels: 3 } })
  }
  const pictures = {
    '0.jpg': () => noise(130, 97, 1).jpeg({ quality: 90 }),
    '1.png': () => noise(90, 150, 2).png(),
    '2.webp': () => noise(60, 50, 3).webp({ lossless: true }),
    '3.jpg': () => noise(120, 80, 4).withMetadata({ orientation: 6 }).jpeg({ quality: 90 }),
    '4.jpg': () => noise(640, 480, 5).jpeg({ quality: 80, progressive: true }),
    '5.jpg': () => noise(100, 100, 6).grayscale().jpeg(),
  }
  let data: Dataset
  let folder: string
  beforeAll(async () => {
    data = await dataset(async (at) => {
      folder = at
      await mkdir(join(at, 'train', 'a'), { recursive: true })
      for (const [name, image] of Object.entries(pictures))
        await writeFile(join(at, 'train', 'a', name), await image().toBuffer())
      for (const part of ['val', 'test']) await writePlain(join(at, part, 'a', 'x.png'), [1, 2, 3])
    }, side)
  })
  /** By sharp alone, from the path; then mirrored. */
  const bare = async (name: string, { width, height, left, top }: Window, fit: 'fill' | 'cover', mirrored: boolean) => {
    const window = sharp(join(folder, 'train', 'a', name))
      .autoOrient()
      .resize(width, height, { fit, kernel: 'linear' })
      .extract({ left, top, ...size })
      .toColourspace('srgb')
    const cut = sharp(await window.png().toBuffer()).flop(mirrored)
    return [...(await cut.raw().toBuffer())]
  }

  it('gets the pixels that sharp alone gives, of the window that seed, epoch and image decide', async () => {
    const [seed, epoch] = [7, 3]
    for (const layout of ['NHWC', 'NCHW'] as const) {
      const loader = openByteLoader(threads, data.splits.train, { layout, augment: { crop: 4, flip: true }, seed })
      for await (const { images } of loader.batches([spread(6)], epoch))
        for (const [i, name] of Object.keys(pictures).entries()) {
          const { autoOrient } = await sharp(join(folder, 'train', 'a', name)).metadata()
          const window = randomWindow(autoOrient, side, side, seed, epoch, i)
          const { mirrored } = drawMove({ crop: 0, flip: true }, seed, epoch, i)
          const expected = await bare(name, window, 'fill', mirrored)
          const got = [...images.subarray(i * expected.length, (i + 1) * expected.length)]
          const ordered =
            layout === 'NHWC' ? got : expected.map((_, at) => got[(at % 3) * side * side + Math.floor(at / 3)]!)
          expect(ordered, `${name} as ${layout}`).toEqual(expected)
        }
    }
  })

  it('gets the centre that sharp alone gives when it is judged', async () => {
    const loader = openByteLoader(threads, data.splits.train, { layout: 'NHWC' })
    for await (const { images } of loader.batches([spread(6)]))
      for (const [i, name] of Object.keys(pictures).entries()) {
        const expected = await bare(name, centreWindow(side, side), 'cover', false)
        expect([...images.subarray(i * expected.length, (i + 1) * expected.length)], name).toEqual(expected)
      }
  })
})

describe('a folder as CIFAR', () => {
  it('gives the same floats as the same images in memory, augmented alike', async () => {
    const sample = await openDataset('sample')
    const { validation } = sample.splits
    const rows = validation.source as Extract<Split['source'], { kind: 'rows' }>
    const data = await dataset(async (folder) => {
      for (let i = 0; i < 12; i++) {
        const planes = rows.bytes.subarray(i * 3072, (i + 1) * 3072)
        const pixels = Uint8Array.from({ length: 3072 }, (_, p) => planes[(p % 3) * 1024 + Math.floor(p / 3)]!)
        const path = join(folder, 'train', 'all', `${String(i).padStart(2, '0')}.png`)
        await mkdir(dirname(path), { recursive: true })
        await writeFile(
          path,
          await sharp(pixels, { raw: { width: 32, height: 32, channels: 3 } })
            .png()
            .toBuffer(),
        )
        if (i === 0) await writePlain(join(folder, 'val', 'all', 'x.png'), [1, 2, 3])
        if (i === 0) await writePlain(join(folder, 'test', 'all', 'x.png'), [1, 2, 3])
      }
    }, 32)
    const options = { normalization: half, layout: 'NHWC', augment, seed: 5 } as const
    const [batch] = await collect(openLoader(threads, data.splits.train, options).batches([spread(12)], 3))
    expect(batch!.images).toEqual([...readSplit(validation, spread(12), options, 3)])
  })
})

describe('order and repetition', () => {
  const classes = { a: [200, 30, 30], b: [30, 200, 30], c: [30, 30, 200] } as const
  let data: Dataset
  beforeAll(async () => {
    data = await dataset((folder) => writeClasses(folder, classes, 20, 90), 72)
  })

  const run = async (seed: number, epoch: number, from = 0) => {
    const fresh = new LoaderThreads()
    try {
      const { train } = data.splits
      const order = createOrder(train.size, { batch: 7, seed, shuffle: true })
      const loader = openLoader(fresh, train, { normalization: half, layout: 'NCHW', augment, seed, replace: true })
      return await collect(loader.batches(order.epoch(epoch).slice(from), epoch))
    } finally {
      await fresh.close()
    }
  }

  it('depends on seed and epoch alone, from any step on', async () => {
    const whole = await run(1, 2)
    expect(whole.flatMap(({ indices }) => indices).sort((a, b) => a - b)).toEqual([...spread(data.splits.train.size)])
    expect(await run(1, 2)).toEqual(whole)
    expect(await run(1, 2, 3)).toEqual(whole.slice(3))
    expect((await run(1, 3))[0]!.images).not.toEqual(whole[0]!.images)
  })

  it('brings labels along with their images', async () => {
    for (const { images, labels } of await run(1, 0)) {
      const plane = 72 * 72
      labels.forEach((label, i) => {
        const mean = [0, 1, 2].map((c) => {
          const from = (i * 3 + c) * plane
          return images.slice(from, from + plane).reduce((a, b) => a + b, 0) / plane
        })
        expect(mean.indexOf(Math.max(...mean))).toBe(label)
      })
    }
  })

  it('can be left in the middle of an epoch, and used again', async () => {
    const { train } = data.splits
    const loader = openLoader(threads, train, { normalization: half, layout: 'NCHW' })
    for await (const { size } of loader.batches(everything(train))) {
      expect(size).toBe(4)
      break
    }
    const again = await collect(loader.batches(everything(train)))
    expect(again.flatMap(({ indices }) => indices)).toEqual([...spread(train.size)])
  })
})

describe('broken images', () => {
  const write = (broken: readonly number[], count: number) => async (folder: string) => {
    for (let i = 0; i < count; i++) {
      const path = join(folder, 'train', 'a', `${String(i).padStart(3, '0')}.png`)
      await writePlain(path, [i, i, i], 8, 8)
      if (broken.includes(i)) await writeFile(path, (await readFile(path)).subarray(0, 60))
    }
    await writePlain(join(folder, 'val', 'a', '0.png'), [0, 0, 0])
    await writePlain(join(folder, 'test', 'a', '0.png'), [0, 0, 0])
  }

  it('is left out, counted and named when evaluating', async () => {
    const { splits } = await dataset(write([3], 10))
    const loader = openByteLoader(threads, splits.train, { layout: 'NHWC' })
    const values: number[] = []
    for await (const { images, size } of loader.batches(everything(splits.train)))
      for (let i = 0; i < size; i++) values.push(images[i * 192]!)
    expect(values).toEqual([0, 1, 2, 4, 5, 6, 7, 8, 9])
    expect(loader.unreadable).toHaveLength(1)
    expect(loader.unreadable[0]!.path).toMatch(/train\/a\/003\.png$/)
    expect(loader.unreadable[0]!.reason).not.toBe('')
  })

  it('is replaced by the next one when training, so that batches stay whole', async () => {
    const { splits } = await dataset(write([9], 10))
    const loader = openLoader(threads, splits.train, { normalization: half, layout: 'NHWC', replace: true })
    const batches = await collect(loader.batches([Uint32Array.of(8, 9)]))
    expect(batches[0]!.indices).toEqual([8, 0])
  })

  it('ends the work when more than one in a hundred is', async () => {
    const { splits } = await dataset(write([1, 2, 7], 10))
    const loader = openLoader(threads, splits.train, { normalization: half, layout: 'NHWC' })
    const error: unknown = await collect(loader.batches(everything(splits.train, 10))).catch(
      (reason: unknown) => reason,
    )
    expect((error as LupineError).failure).toMatchObject({ kind: 'input', code: 'dataset-damaged' })
    expect((error as LupineError).failure.message).toMatch(/^3 of 10 images cannot be read, .*\/001\.png: /)
  })

  it('may be one that has gone since the folder was read', async () => {
    const { splits, address } = await dataset(write([], 10))
    await rm(join(address.slice('images:'.length), 'train', 'a', '004.png'))
    const loader = openByteLoader(threads, splits.train, { layout: 'NHWC' })
    let images = 0
    for await (const { size } of loader.batches(everything(splits.train))) images += size
    expect(images).toBe(9)
    expect(loader.unreadable[0]).toMatchObject({ reason: expect.stringContaining('missing') as string })
  })
})
