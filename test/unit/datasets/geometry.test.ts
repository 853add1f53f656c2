import { describe, expect, it } from 'vitest'
import { centreWindow, randomWindow } from '../../../src-main/datasets/images/geometry'

describe('centreWindow', () => {
  it('is ILSVRC’s: 224 out of 256', () => {
    expect(centreWindow(224, 224)).toEqual({ width: 256, height: 256, left: 16, top: 16 })
  })
  it('takes small images whole', () => {
    expect(centreWindow(32, 32)).toEqual({ width: 32, height: 32, left: 0, top: 0 })
  })
})

describe('randomWindow', () => {
  const part = (image: { width: number; height: number }, epoch: number) => {
    const { width, height, left, top } = randomWindow(image, 224, 224, 1, epoch, 7)
    const [sx, sy] = [width / image.width, height / image.height]
    return { x: left / sx, y: top / sy, w: 224 / sx, h: 224 / sy }
  }

  it('shows 8 to 100 % of the picture in ratios of 3:4 to 4:3, everywhere', () => {
    const image = { width: 500, height: 375 }
    const parts = Array.from({ length: 2000 }, (_, epoch) => part(image, epoch))
    const areas = parts.map(({ w, h }) => (w * h) / (500 * 375))
    const ratios = parts.map(({ w, h }) => w / h)
    expect(Math.min(...areas)).toBeGreaterThan(0.075)
    expect(Math.max(...areas)).toBeLessThanOrEqual(1.001)
    expect(Math.min(...ratios)).toBeGreaterThan(0.73)
    expect(Math.max(...ratios)).toBeLessThan(1.36)
    // Uniform in area, but for parts that do not fit: the mean lies below the middle.
    const mean = areas.reduce((a, b) => a + b) / areas.length
    expect(mean).toBeGreaterThan(0.4)
    expect(mean).toBeLessThan(0.54)
    expect(Math.max(...parts.map(({ x, w }) => x + w))).toBeLessThan(501)
    expect(Math.min(...parts.map(({ x }) => x))).toBeLessThan(5)
    expect(Math.max(...parts.map(({ x }) => x))).toBeGreaterThan(250)
  })

  it('depends on the key alone', () => {
    const image = { width: 300, height: 300 }
    expect(randomWindow(image, 64, 64, 1, 2, 3)).toEqual(randomWindow(image, 64, 64, 1, 2, 3))
    expect(randomWindow(image, 64, 64, 1, 2, 3)).not.toEqual(randomWindow(image, 64, 64, 1, 2, 4))
  })

  it('takes the centre of a strip that nothing fits into', () => {
    const { x, w } = part({ width: 2000, height: 20 }, 1)
    expect(w).toBeCloseTo(27, 0)
    expect(x).toBeCloseTo(986, -1)
  })
})
