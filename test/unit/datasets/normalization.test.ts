import { describe, expect, it } from 'vitest'
import { LupineError } from '../../../src-main/core/failure'
import { formatNormalization, parseNormalization } from '../../../src-main/datasets/normalization'

describe('parseNormalization', () => {
  it('knows the presets', () => {
    expect(parseNormalization('imagenet')).toEqual({ mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] })
    expect(parseNormalization('unit')).toEqual({ mean: [0, 0, 0], std: [1, 1, 1] })
    expect(parseNormalization('half', 1)).toEqual({ mean: [0.5], std: [0.5] })
  })

  it('reads one number per channel, or one for all', () => {
    expect(parseNormalization('0.48,0.45,0.4/0.22, 0.22,0.22')).toEqual({
      mean: [0.48, 0.45, 0.4],
      std: [0.22, 0.22, 0.22],
    })
    expect(parseNormalization('0/0.00392157')).toEqual({ mean: [0, 0, 0], std: [0.00392157, 0.00392157, 0.00392157] })
  })

  it.each([
    ['imagnet', 'neither a known name'],
    ['constructor', 'neither a known name'],
    ['1/2/3', 'neither a known name'],
    ['0.5,x,0.5/1', 'mean in'],
    ['0.5/', 'standard deviation in'],
    ['0.5,0.5/1', '2 numbers; the images have 3 channels'],
    ['0.5/0', "isn't positive"],
    ['123.7,116.3,103.5/58.4', '0…255 scale'],
  ])('refuses %s', (text, message) => {
    const parse = () => parseNormalization(text)
    expect(parse).toThrow(LupineError)
    expect(parse).toThrow(message)
    try {
      parse()
    } catch (error) {
      expect((error as LupineError).failure).toMatchObject({ kind: 'usage', code: 'normalize-syntax' })
    }
  })
})

describe('formatNormalization', () => {
  it.each(['imagenet', 'cifar10', 'unit', 'half', '0.48,0.45,0.4/0.22', '0.1/0.3'])('gives %s back', (text) => {
    expect(formatNormalization(parseNormalization(text))).toBe(text)
  })
})
