import { describe, expect, it } from 'vitest'
import { baudOf, terminalOn, withBaud } from '../../../src-renderer/features/terminal/address'
import { keyText, pasteText, type Press } from '../../../src-renderer/features/terminal/keys'
import { Parser } from '../../../src-renderer/features/terminal/parser'
import { Screen } from '../../../src-renderer/features/terminal/screen'
import { classesOf } from '../../../src-renderer/features/terminal/style'

function terminal(columns = 10, rows = 4) {
  const screen = new Screen(columns, rows)
  const replies: string[] = []
  const parser = new Parser(screen, (text) => void replies.push(text))
  const shows = (): string[] => screen.page.map((line) => line.text)
  return { screen, parser, replies, shows, read: (text: string) => (parser.read(text), shows()) }
}

/** What stands where follows ECMA-48 (control functions) and xterm's documented modes. */
describe('a screen', () => {
  it.each([
    ['lines, and back to their start', 'ab\r\ncd\rx', ['ab', 'xd', '', '']],
    ['wraps, but not before one more character', 'abcdefghijk', ['abcdefghij', 'k', '', '']],
    ['a full line followed by its end is one line', 'abcdefghij\r\nk', ['abcdefghij', 'k', '', '']],
    ['no wrapping when that is off', '\x1b[?7labcdefghijkl', ['abcdefghil', '', '', '']],
    ['the cursor anywhere', '\x1b[2;3Hx\x1b[4;1Hy\x1b[Az', ['', '  x', ' z', 'y']],
    [
      'erasing to the end, to the start, all of a line',
      'abcd\x1b[2D\x1b[K\r\nabcd\x1b[2D\x1b[1K',
      ['ab', '   d', '', ''],
    ],
    ['erasing the page from the cursor on', 'a\r\nb\r\nc\x1b[2;1H\x1b[J', ['a', '', '', '']],
    ['inserted and deleted characters', 'abcd\r\x1b[2@\x1b[5G\x1b[P', ['  abd', '', '', '']],
    ['inserted and deleted lines', 'a\r\nb\r\nc\x1b[2;1H\x1b[L\x1b[1;1H\x1b[M', ['', 'b', 'c', '']],
    ['a region that scrolls by itself', 'a\r\nb\r\nc\r\nd\x1b[2;3r\x1b[3;1H\n!', ['a', 'c', '!', 'd']],
    ['scrolling backwards', 'a\r\nb\x1b[1;1H\x1bM', ['', 'a', 'b', '']],
    ['tabs and backspaces', 'a\tb\x08c', ['a       c', '', '', '']],
    ['a repeated character', 'ab\x1b[3b', ['abbbb', '', '', '']],
    ['lines drawn', '\x1b(0lqk\x1b(B q', ['┌─┐ q', '', '', '']],
    [
      'titles, unknown and cut-off sequences left out',
      '\x1b]0;title\x07a\x1b[>4;2mb\x1b[1 qc\x1bP1$r\x1b\\d',
      ['abcd', '', '', ''],
    ],
    ['a mark on its letter', 'e\u0301x', ['e\u0301x', '', '', '']],
  ])('shows %s', (_, text, lines) => {
    expect(terminal().read(text)).toEqual(lines)
  })

  it('may get a sequence in pieces', () => {
    const { read } = terminal()
    for (const piece of ['a\x1b', '[', '2', ';3', 'H']) read(piece)
    expect(read('x')).toEqual(['a', '  x', '', ''])
  })

  it('keeps what scrolls out, and its numbers; the alternate page keeps nothing and gives the main one back', () => {
    const { screen, read, shows } = terminal()
    read('1\r\n2\r\n3\r\n4\r\n5')
    expect(screen.history.map((line) => line.text)).toEqual(['1'])
    const ids = screen.page.map(({ id }) => id)
    expect(read('\x1b[?1049h\x1b[H1\r\n2\r\n3\r\n4\r\n5')).toEqual(['2', '3', '4', '5'])
    expect(read('\x1b[?1049l')).toEqual(['2', '3', '4', '5'])
    expect(screen.page.map(({ id }) => id)).toEqual(ids)
    expect([screen.x, screen.y, screen.history.length]).toEqual([1, 3, 1])
    screen.resize(20, 2)
    expect([shows(), screen.y]).toEqual([['4', '5'], 1])
    expect(screen.text).toBe('1\n2\n3\n4\n5')
  })

  it('remembers no more than two thousand lines', () => {
    const { screen, read } = terminal()
    read('line\r\n'.repeat(5000))
    expect(screen.history).toHaveLength(2000)
  })

  it('answers where the cursor is and what it is', () => {
    const { read, replies } = terminal()
    read('ab\x1b[6n\x1b[c')
    expect(replies).toEqual(['\x1b[1;3R', '\x1b[?6c'])
  })

  it('takes every byte there is, in whatever order, and stays a screen', () => {
    const { screen, parser } = terminal()
    let seed = 1
    for (let i = 0; i < 60_000; i++) {
      seed = (seed * 48_271) % 2_147_483_647
      parser.read(seed % 3 === 0 ? '\x1b[' : String.fromCharCode(seed % 200))
    }
    expect(screen.page).toHaveLength(4)
    expect(Math.max(...screen.page.map((line) => line.cells.length))).toBeLessThanOrEqual(10)
    expect(screen.x >= 0 && screen.x < 10 && screen.y >= 0 && screen.y < 4).toBe(true)
  })
})

describe('styles', () => {
  it.each([
    ['\x1b[1;31m', 'bold c1'],
    ['\x1b[97;44m', 'c15 g4'],
    ['\x1b[38;5;196m', 'c9'],
    ['\x1b[38;2;30;80;160m', 'c4'],
    ['\x1b[48;5;250;4m', 'underlined g7'],
    ['\x1b[7;42m', 'inverse'],
    ['\x1b[1m\x1b[22m', ''],
    ['\x1b[31m\x1b[m', ''],
  ])('%j', (text, classes) => {
    const { screen, read } = terminal()
    read(`${text}x`)
    expect(screen.page[0]!.runs().map(({ style }) => classesOf(style))).toEqual([classes])
  })
})

describe('keys', () => {
  const press = (key: string, held: Partial<Press> = {}): Press => ({
    ...{ key, ctrlKey: false, altKey: false, shiftKey: false, metaKey: false },
    ...held,
  })

  it.each([
    [press('Enter'), '\r'],
    [press('Tab', { shiftKey: true }), '\x1b[Z'],
    [press('Escape'), '\x1b'],
    [press('c', { ctrlKey: true }), '\x03'],
    [press(' ', { ctrlKey: true }), '\0'],
    [press('ArrowUp'), '\x1b[A'],
    [press('ArrowLeft', { ctrlKey: true }), '\x1b[1;5D'],
    [press('PageUp'), '\x1b[5~'],
    [press('F5'), '\x1b[15~'],
    [press('b', { altKey: true }), '\x1bb'],
  ])('%o', (pressed, text) => {
    expect(keyText(pressed, false)).toBe(text)
  })

  it('leaves to the window: the way out, text, and what is copied with', () => {
    for (const pressed of [
      press('F6'),
      press('a'),
      press('C', { ctrlKey: true, shiftKey: true }),
      press('v', { metaKey: true }),
      press('@', { ctrlKey: true, altKey: true }),
    ])
      expect(keyText(pressed, false)).toBeUndefined()
    expect(keyText(press('ArrowUp'), true)).toBe('\x1bOA')
  })

  it('pastes lines as they are typed, and nothing that ends the marks around them', () => {
    expect(pasteText('a\r\nb\n', false)).toBe('a\rb\r')
    expect(pasteText('a\x1b[201~b', true)).toBe('\x1b[200~a[201~b\x1b[201~')
  })
})

it('knows the rate in an address, and puts another one there', () => {
  expect(['serial:/dev/a', 'serial:/dev/a,9600', 'serial:COM3?user=pi&baud=57600'].map(baudOf)).toEqual([
    115_200, 9600, 57_600,
  ])
  expect(withBaud('serial:/dev/a,9600?user=pi', 921_600)).toBe('serial:/dev/a?baud=921600&user=pi')
  expect(withBaud('serial:/dev/a?baud=1&user=pi', 9600)).toBe('serial:/dev/a?baud=9600&user=pi')
  expect(['serial:/dev/a', 'ssh://pi@b', 'pi4', 'local', 'local?threads=1', 'synthetic:1', ''].map(terminalOn)).toEqual(
    ['serial', 'other', 'other', 'none', 'none', 'none', 'none'],
  )
})
