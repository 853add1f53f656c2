import { describe, expect, it } from 'vitest'
import { shownName } from '../../../src-main/core/text'

describe('a name as it is shown', () => {
  it.each([
    ['conv1.weight', 'conv1.weight'],
    ['Größe 層', 'Größe 層'],
    ['<b>&', '<b>&'],
    ['a\u202Egpj.exe', 'a\\u{202e}gpj.exe'],
    ['a\nb\u0000\u001b[2J', 'a\\u{a}b\\u{0}\\u{1b}[2J'],
    ['\ud800', '\\u{d800}'],
    ['\u2028\u2066\u200b', '\\u{2028}\\u{2066}\\u{200b}'],
  ])('%j', (name, shown) => expect(shownName(name)).toBe(shown))

  it('is short, and keeps its beginning and its end', () => {
    const shown = shownName(`begin${'x'.repeat(1_000_000)}end`, 21)
    expect(shown).toBe('beginxxxxx…xxxxxxxend')
    expect(shownName('👾'.repeat(30), 11)).toBe(`${'👾'.repeat(5)}…${'👾'.repeat(5)}`)
  })
})
