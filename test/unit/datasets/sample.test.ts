import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Split } from '../../../src-main/datasets/dataset'
import { openDataset } from '../../../src-main/datasets/open'
import { epochOf, imageOf } from '../../fixtures/splits'

const sample = await openDataset('sample')
const { train, validation, test } = sample.splits
const features = 3072
const classes = 10

function bytesOf(split: Split, from: number, to: number): Uint8Array {
  const bytes = new Uint8Array((to - from) * features)
  for (let i = from; i < to; i++) bytes.set(imageOf(split, i), (i - from) * features)
  return bytes
}

describe('the sample', () => {
  it('has ten named classes, evenly, and three splits', () => {
    expect(sample).toMatchObject({ channels: 3, height: 32, width: 32 })
    expect(sample.classes.length).toBe(classes)
    expect([train.size, validation.size, test.size]).toEqual([8000, 1000, 2000])
    const counts = new Array<number>(classes).fill(0)
    for (let i = 0; i < test.size; i++) counts[test.labels[i]]++
    expect(new Set(counts)).toEqual(new Set([200]))
  })

  it('is the same bytes on every machine', () => {
    const digest = createHash('sha256')
      .update(bytesOf(test, 0, 2000))
      .digest('hex')
    expect(digest.slice(0, 16)).toBe('8cfa96b76a442e01')
  })

  it('is drawn in a moment', async () => {
    const fresh = (await openDataset('sample')).splits.validation
    const start = performance.now()
    bytesOf(fresh, 0, 1)
    // 0.15 ms an image on an idle core; the bound leaves room for a busy machine.
    expect(performance.now() - start).toBeLessThan(3000)
  })

  it('shares no image between the splits', () => {
    const seen = new Set<string>()
    for (const split of [train, validation, test])
      for (let i = 0; i < 1000; i++)
        seen.add(
          createHash('md5')
            .update(bytesOf(split, i, i + 1))
            .digest('hex'),
        )
    expect(seen.size).toBe(3000)
  })

  it('tells a linear classifier something, but far from enough', () => {
    const accuracy = linearAccuracy(train, test)
    // Chance is 0.1 with a standard error of 0.007.
    expect(accuracy).toBeGreaterThan(0.12)
    expect(accuracy).toBeLessThan(0.6)
  }, 60_000)
})

/** Test accuracy of softmax regression on the pixels: plain SGD, L2, four epochs over 5,000 images. */
function linearAccuracy(train: Split, test: Split): number {
  const weights = new Float32Array(classes * features)
  const bias = new Float32Array(classes)
  const scores = new Float64Array(classes)
  const normalization = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] }
  const options = { normalization, layout: 'NCHW', batch: 1000, seed: 1 } as const

  const score = (images: Float32Array, at: number) => {
    for (let k = 0; k < classes; k++) {
      let sum = bias[k]
      for (let f = 0, w = k * features; f < features; f++) sum += weights[w + f] * images[at + f]
      scores[k] = sum
    }
  }
  for (let epoch = 0; epoch < 4; epoch++) {
    const rate = 0.0002 / (1 + epoch)
    for (const { images, labels, size } of epochOf(train, { ...options, shuffle: true, limit: 5000 }, epoch))
      for (let i = 0; i < size; i++) {
        score(images, i * features)
        const top = Math.max(...scores)
        const total = scores.reduce((sum, value) => sum + Math.exp(value - top), 0)
        for (let k = 0; k < classes; k++) {
          const step = rate * (Math.exp(scores[k] - top) / total - (labels[i] === k ? 1 : 0))
          bias[k] -= step
          for (let f = 0, w = k * features, at = i * features; f < features; f++)
            weights[w + f] -= step * images[at + f]
        }
      }
  }
  let right = 0
  for (const { images, labels, size } of epochOf(test, { ...options, shuffle: false }, 0))
    for (let i = 0; i < size; i++) {
      score(images, i * features)
      if (scores.indexOf(Math.max(...scores)) === labels[i]) right++
    }
  return right / test.size
}
