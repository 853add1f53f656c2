import { describe, expect, it } from 'vitest'
import { QuietGate } from '../../../src-main/devices/measuring/quiet'

const process = (sentinel: number) => ({ samples: [[sentinel, sentinel, sentinel]], sentinel })

describe('QuietGate', () => {
  it('is content with processes whose sentinels agree', () => {
    const gate = new QuietGate()
    expect(gate.wantsMore('a', [process(1)], 2)).toBe(true)
    expect(gate.wantsMore('a', [process(1), process(1.04)], 2)).toBe(false)
  })

  it('asks for more while one is disturbed, up to three times as many, and takes the quietest', () => {
    const gate = new QuietGate()
    const ran = [process(1.2), process(1), process(1.3)]
    expect(gate.wantsMore('a', ran, 2)).toBe(true)
    ran.push(process(1.01))
    expect(gate.wantsMore('a', ran, 2)).toBe(false)
    expect(gate.choose('a', ran, 2).map(({ sentinel }) => sentinel)).toEqual([1, 1.01])
    const noisy = [1.2, 1, 1.3, 1.1, 1.4, 1.5].map(process)
    expect(gate.wantsMore('a', noisy, 2)).toBe(false)
  })

  it('remembers the quiet time of each sentinel between measurements', () => {
    const gate = new QuietGate()
    gate.wantsMore('a', [process(1), process(1)], 2)
    expect(gate.wantsMore('a', [process(1.2), process(1.2)], 2)).toBe(true)
    expect(gate.wantsMore('b', [process(1.2), process(1.2)], 2)).toBe(false)
  })
})
