import { describe, expect, it } from 'vitest'
import { plainName, shortName } from '../../src-renderer/names'

describe('names', () => {
  it('writes out marks that would turn the text around them', () => {
    expect(plainName('layer\u202egnp.x\u0000\n')).toBe('layer⟨U+202E⟩gnp.x⟨U+0000⟩⟨U+000A⟩')
    expect(plainName('слой/層/طبقة 😀')).toBe('слой/層/طبقة 😀')
  })

  it('shortens in the middle, by whole characters', () => {
    expect(shortName('abc', 3)).toBe('abc')
    expect(shortName('features.denseblock3.conv2', 12)).toBe('feat…3.conv2')
    const long = shortName('😀'.repeat(10_000), 40)
    expect([...long]).toHaveLength(40)
    expect([...long].filter((sign) => sign === '😀')).toHaveLength(39)
  })
})
