import { describe, expect, it } from 'vitest'
import { createOrder } from '../../../src-main/datasets/order'
import { readRows } from '../../../src-main/datasets/rows'
import type { RowSource } from '../../../src-main/datasets/dataset'
import { epochOf, readSplit, splitOfBytes } from '../../fixtures/splits'

/** Image i: 3 × 4 × 4 pixels counting up from i, so that every pixel's origin is known. */
const shape = { channels: 3, height: 4, width: 4 }
const pixels = 48
const split = splitOfBytes(
  100,
  shape,
  (image, p) => image + p + 1,
  (image) => image % 7,
)
const normalization = { mean: [0.5, 0.25, 0], std: [0.5, 1, 2] }
/** Leaves bytes as they are, so that values can be read as pixels. */
const bytes = { mean: [0, 0, 0], std: [1 / 255, 1 / 255, 1 / 255] }
const options = { normalization: bytes, layout: 'NCHW', batch: 32, seed: 1, shuffle: true } as const
type Options = Parameters<typeof epochOf>[1]
const labelsOf = (o: Options, epoch: number) => [...epochOf(split, o, epoch)].flatMap((b) => [...b.labels])

describe('readRows', () => {
  it('normalises each channel by its own mean and standard deviation', () => {
    const images = readSplit(split, [10, 3], { normalization, layout: 'NCHW' })
    expect(images.length).toBe(96)
    for (const [image, channel, p] of [
      [0, 0, 0],
      [0, 1, 5],
      [1, 2, 15],
    ] as const) {
      const raw = (image === 0 ? 10 : 3) + channel * 16 + p + 1
      const expected = (raw / 255 - normalization.mean[channel]) / normalization.std[channel]
      expect(images[image * pixels + channel * 16 + p]).toBeCloseTo(expected, 6)
    }
  })

  it('lays NHWC out as the transpose of NCHW, augmented alike', () => {
    const augment = { crop: 2, flip: true }
    const planes = readSplit(split, [1, 2, 3], { normalization, layout: 'NCHW', augment, seed: 5 })
    const pixelwise = readSplit(split, [1, 2, 3], { normalization, layout: 'NHWC', augment, seed: 5 })
    for (let i = 0; i < 3; i++)
      for (let c = 0; c < 3; c++)
        for (let p = 0; p < 16; p++) expect(pixelwise[i * 48 + p * 3 + c]).toBe(planes[i * 48 + c * 16 + p])
  })

  it('mirrors rows where it mirrors', () => {
    const flipped = new Set<string>()
    for (let epoch = 0; epoch < 40; epoch++) {
      const augment = { crop: 0, flip: true }
      const images = readSplit(split, [0], { normalization: bytes, layout: 'NCHW', augment }, epoch)
      flipped.add([...images.subarray(0, 4)].map(Math.round).join())
    }
    expect([...flipped].sort()).toEqual(['1,2,3,4', '4,3,2,1'])
  })

  it('crops within the padding, black outside, each of the positions about as often', () => {
    const seen = new Map<string, number>()
    const augment = { crop: 1, flip: false }
    for (let epoch = 0; epoch < 900; epoch++) {
      const images = readSplit(split, [0], { normalization: bytes, layout: 'NCHW', augment }, epoch)
      const first = [...images.subarray(0, 16)].map(Math.round)
      const [dy, dx] = [-1, 0, 1]
        .flatMap((dy) => [-1, 0, 1].map((dx) => [dy, dx]))
        .find(([dy, dx]) =>
          first.every((value, p) => {
            const [y, x] = [Math.floor(p / 4) + dy, (p % 4) + dx]
            return value === (y < 0 || y > 3 || x < 0 || x > 3 ? 0 : y * 4 + x + 1)
          }),
        )!
      seen.set(`${dy},${dx}`, (seen.get(`${dy},${dx}`) ?? 0) + 1)
    }
    expect(seen.size).toBe(9)
    for (const count of seen.values()) expect(count).toBeGreaterThan(60)
  })

  it('pads with the raw value 0, not with a normalised 0', () => {
    const augment = { crop: 4, flip: false }
    const borders = Array.from({ length: 30 }, (_, epoch) =>
      readSplit(split, [0], { normalization, layout: 'NCHW', augment }, epoch).subarray(0, 16),
    ).flatMap((plane) => [...plane])
    expect(Math.min(...borders)).toBe(-1)
    expect(borders).not.toContain(0)
  })

  /** Where image 0 is blanked in an epoch: '#', row by row; the bytes of this split are never 0. */
  const holes = (cutout: number, epoch: number, layout: 'NCHW' | 'NHWC' = 'NCHW', seed = 0) => {
    const augment = { crop: 0, flip: false, cutout }
    const images = readSplit(split, [0], { normalization: bytes, layout, augment, seed }, epoch)
    const at = (c: number, p: number) => images[layout === 'NCHW' ? c * 16 + p : p * 3 + c]!
    return [0, 1, 2].map((c) =>
      [0, 1, 2, 3].map((y) => [0, 1, 2, 3].map((x) => (at(c, y * 4 + x) === 0 ? '#' : '.')).join('')).join('/'),
    )
  }

  it('blanks one square in every channel, cut off at the border', () => {
    const seen = new Map<string, number>()
    for (let epoch = 0; epoch < 1600; epoch++) {
      const [red, green, blue] = holes(2, epoch)
      expect([green, blue]).toEqual([red, red])
      seen.set(red!, (seen.get(red!) ?? 0) + 1)
    }
    // By hand, 2 × 2 around pixel (y, x): rows y − 1 and y, columns x − 1 and x, as far as there are any.
    const spans = ['#...', '##..', '.##.', '..##']
    const expected = spans.flatMap((rows) =>
      spans.map((columns) => [...rows].map((r) => (r === '#' ? columns : '....'))),
    )
    expect([...seen.keys()].sort()).toEqual(expected.map((rows) => rows.join('/')).sort())
    // 16 pixels, each as likely: 100 expected, standard deviation 9.7.
    for (const count of seen.values()) expect(Math.abs(count - 100)).toBeLessThan(45)
  })

  it('blanks an odd square around its pixel, and to 0 after normalising', () => {
    const whole = '###./###./###./....'
    const found = Array.from({ length: 100 }, (_, epoch) => epoch).find((epoch) => holes(3, epoch)[0] === whole)!
    const augment = { crop: 0, flip: false, cutout: 3 }
    const [cut, plain] = [augment, undefined].map((augment) =>
      readSplit(split, [0], { normalization, layout: 'NCHW', augment, seed: 0 }, found),
    )
    cut!.forEach((value, i) => {
      const [y, x] = [Math.floor((i % 16) / 4), i % 4]
      expect(value).toBe(y < 3 && x < 3 ? 0 : plain![i])
    })
  })

  it('blanks alike in either layout, and by the seed, the epoch and the image alone', () => {
    for (let epoch = 0; epoch < 20; epoch++) expect(holes(2, epoch, 'NHWC')).toEqual(holes(2, epoch))
    const of = (seed: number) => Array.from({ length: 20 }, (_, epoch) => holes(2, epoch, 'NCHW', seed)[0])
    expect(of(1)).toEqual(of(1))
    expect(of(1)).not.toEqual(of(2))
    expect(holes(0, 1)[0]).toBe('..../..../..../....')
    // Larger than the image and around its middle: nothing is left.
    expect(holes(99, 1)[0]).toBe('####/####/####/####')
  })

  it('says when the memory given is too small', () => {
    const read = { shape, normalization, layout: 'NCHW', seed: 0, replace: false } as const
    const source = split.source as RowSource
    expect(() => readRows(source, Uint32Array.of(0), read, 0, new Float32Array(47))).toThrow('needs room for 48 values')
  })
})

describe('createOrder', () => {
  it('goes through every image once per epoch, in an order of the epoch alone', () => {
    const firsts = (epoch: number) =>
      [...epochOf(split, options, epoch)].flatMap(({ images, size }) => {
        const ids = []
        for (let i = 0; i < size; i++) ids.push(Math.round(images[i * pixels]) - 1)
        return ids
      })
    const third = firsts(3)
    expect([...third].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i))
    expect(firsts(0)).not.toEqual(third)
    expect(firsts(3)).toEqual(third)
    expect(labelsOf({ ...options, seed: 2 }, 3)).not.toEqual(labelsOf(options, 3))
  })

  it('keeps or drops the last, smaller batch', () => {
    expect([...epochOf(split, options, 0)].map((b) => b.size)).toEqual([32, 32, 32, 4])
    const dropping = createOrder(100, { ...options, dropLast: true })
    expect([dropping.batches, dropping.epoch(0).map((b) => b.length)]).toEqual([3, [32, 32, 32]])
  })

  it('limits to the same images in each epoch, whatever the order', () => {
    const limited = { ...options, limit: 10 }
    const labels = (epoch: number) => labelsOf(limited, epoch).sort()
    expect(createOrder(100, limited).images).toBe(10)
    expect(labels(0)).toEqual(labels(1))
    expect(labelsOf({ ...limited, shuffle: false }, 0)).toEqual(labelsOf({ ...limited, shuffle: false }, 9))
    expect(createOrder(100, { ...options, limit: 1000 }).images).toBe(100)
  })
})
