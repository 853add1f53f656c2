import { describe, expect, it } from 'vitest'
import { Silence } from '../../../src-main/engines/process/silence'

describe('Silence', () => {
  it('gives up after the limit, counted from the last word', () => {
    const silence = new Silence(180_000, 5_000, 0)
    const looks: boolean[] = []
    for (let now = 5_000; now <= 250_000; now += 5_000) {
      looks.push(silence.look(now, true))
      if (now === 60_000) silence.heard()
    }
    // 36 looks of 5 s after the word at 60 s, which came with the 12th.
    expect(looks.indexOf(true)).toBe(47)
  })

  it('does not count what the host slept through', () => {
    const silence = new Silence(180_000, 5_000, 0)
    expect(silence.look(5_000, true)).toBe(false)
    // A night later the same engine still has 165 s to speak up in.
    const morning = 8 * 3_600_000
    expect(silence.look(morning, true)).toBe(false)
    for (let i = 1; i < 33; i++) expect(silence.look(morning + i * 5_000, true)).toBe(false)
    expect(silence.look(morning + 33 * 5_000, true)).toBe(true)
  })

  it('does not count while nothing is asked', () => {
    const silence = new Silence(10_000, 5_000, 0)
    for (let now = 5_000; now < 100_000; now += 5_000) expect(silence.look(now, false)).toBe(false)
    expect(silence.look(100_000, true)).toBe(false)
    expect(silence.look(105_000, true)).toBe(true)
  })
})
