import { describe, expect, it } from 'vitest'
import { linearScale, logScale } from '../../src-main/core/charts/scale'
import { stateRows } from '../../src-renderer/features/board/models'
import { bytes, count, duration, milliseconds, percent, threeDigits, timeLeft } from '../../src-renderer/format'

describe('figures', () => {
  it.each([
    [percent(0.9339), '93.39 %'],
    [milliseconds(24.917, 0.2), '24.9 ms'],
    [milliseconds(24.917, 0.03), '24.92 ms'],
    [milliseconds(0.4123, 0), '0.412 ms'],
    [milliseconds(1234.6, 14), '1235 ms'],
    [count(125_485_706), '125 M'],
    [count(999_600), '1.00 M'],
    [count(12), '12'],
    [bytes(3_502_341), '3.50 MB'],
    [duration(0.04), '0.0 s'],
    [duration(59.7), '1 min 0 s'],
    [duration(75), '1 min 15 s'],
    [duration(7300), '2 h 2 min'],
    [timeLeft(0.2), '1 s left'],
    [timeLeft(89), '89 s left'],
    [timeLeft(660), '11 min left'],
    [timeLeft(7200), '2.0 h left'],
    [threeDigits(0), '0'],
    [threeDigits(0.04123), '0.0412'],
    [threeDigits(-1234.5), '-1235'],
  ])('%s', (shown, expected) => expect(shown).toBe(expected))
})

it('a board’s state stands as this computer’s does', () => {
  const policies = [
    { cpus: '0-3', governor: 'ondemand', kHz: 1_500_000, minKHz: null, maxKHz: null },
    { cpus: '4', governor: 'ondemand', kHz: null, minKHz: null, maxKHz: null },
  ]
  const state = { load: 0.5, availableMemory: 2e9, policies, thermal: [{ type: 'cpu', celsius: 54.1 }] }
  expect(stateRows({ ...state, throttled: 0x50000 }, { ...state, throttled: 0x50004 })).toEqual([
    ['Load', '0.5', '0.5'],
    ['Clocks, MHz', '1500', '1500'],
    ['Governor', 'ondemand', 'ondemand'],
    ['Temperatures, °C', '54.1', '54.1'],
    ['Free memory', '2.0 GB', '2.0 GB'],
    ['Throttled', 'no', 'yes'],
  ])
})

describe('scales', () => {
  it('begin and end on round ticks that hold all values', () => {
    const scale = linearScale(0.452, 0.597, 0, 100)
    expect(scale.ticks).toEqual([0.45, 0.5, 0.55, 0.6])
    expect(scale(0.45)).toBeCloseTo(0)
    expect(scale(0.6)).toBeCloseTo(100)
  })

  it.each([
    [0.061, 0.31],
    [0.05, 0.05],
    [1e-6, 3],
    [2, 2.0001],
    [0.0999, 0.1],
  ])('by magnitude hold %d to %d', (low, high) => {
    const scale = logScale(low, high, 0, 100)
    expect(scale(low)).toBeGreaterThanOrEqual(-1e-6)
    expect(scale(high)).toBeLessThanOrEqual(100 + 1e-6)
    expect(scale.ticks.length).toBeGreaterThanOrEqual(2)
    expect(scale.ticks.length).toBeLessThanOrEqual(9)
  })

  it('of one and the same value are finite', () => {
    for (const value of [0, 3, -2]) expect(Number.isFinite(linearScale(value, value, 0, 100)(value))).toBe(true)
  })
})
