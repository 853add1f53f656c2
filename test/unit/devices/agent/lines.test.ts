import { expect, it } from 'vitest'
import { LineReader } from '../../../../src-main/devices/agent/lines'
import { plainText, plainValue } from '../../../../src-main/devices/agent/text'

it('lines come out whole, however the bytes arrive; broken UTF-8 becomes U+FFFD', () => {
  const text = Buffer.concat([Buffer.from('{"a":"käse"}\n\nx\r\n'), Buffer.from([0xff, 0xc3, 10]), Buffer.from('rest')])
  for (const size of [1, 2, 3, 7, 100]) {
    const lines: string[] = []
    const reader = new LineReader(100, (line) => lines.push(line))
    for (let i = 0; i < text.length; i += size) expect(reader.push(text.subarray(i, i + size))).toBe(true)
    expect(lines).toEqual(['{"a":"käse"}', '', 'x\r', '\ufffd\ufffd'])
  }
})

it('a line without end is refused once it is too long, in one piece or in many', () => {
  const many = new LineReader(1000, () => undefined)
  let taken = 0
  while (many.push(Buffer.alloc(100, 'x'))) taken++
  expect(taken).toBe(10)
  expect(new LineReader(1000, () => undefined).push(Buffer.alloc(1 << 20, 'x'))).toBe(false)
  expect(new LineReader(1000, () => undefined).push(Buffer.from(`${'x'.repeat(1001)}\n`))).toBe(false)
})

it('what a board says cannot draw on a terminal', () => {
  expect(plainText('\x1b[2J\x1b[1;1Hboo\x1b]0;title\x07 \x9b31mred\u202e\x00\x7f a\tb\nc')).toBe('boo red a b c')
  expect(plainText('\x1b')).toBe('')
  expect(plainText('x'.repeat(1e6))).toHaveLength(4000)
  expect(plainValue({ a: ['\x1b[31mred', 1, null, { 'k\x07': true }] })).toEqual({ a: ['red', 1, null, { k: true }] })
})
