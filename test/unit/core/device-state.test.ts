import { expect, it } from 'vitest'
import { plainState } from '../../../src-main/core/device-state'

it('has what a board tells under the names this computer uses', () => {
  const policies = [
    { cpus: '0-3', governor: 'ondemand', kHz: 1_500_000, minKHz: null, maxKHz: null },
    { cpus: '4-5', governor: 'ondemand', kHz: 2_000_000, minKHz: null, maxKHz: null },
    { cpus: '6', governor: null, kHz: null, minKHz: null, maxKHz: null },
  ]
  const thermal = [
    { type: 'cpu', celsius: 54.1 },
    { type: 'gpu', celsius: 50 },
  ]
  expect(plainState({ load: 1, availableMemory: 2e9, policies, thermal, throttled: 0x50000, fan: 3 })).toEqual({
    ...{ load: 1, freeMemory: 2e9, clocks: [1500, 2000], governor: 'ondemand', temperatures: [54.1, 50] },
    ...{ throttled: false, fan: 3 },
  })
  expect(plainState({ load: 0.25, freeMemory: 1e9, clockMHz: 2400, temperatures: [40] })).toEqual({
    ...{ load: 0.25, freeMemory: 1e9, clocks: [2400], temperatures: [40] },
  })
})

it.each([
  [{ throttled: 0x4 }, { throttled: true }],
  [{ throttled: 0x40000 }, { throttled: false }],
  [{ throttled: 0x40000, undervoltage: true }, { throttled: true }],
  [{ undervoltage: false }, {}],
  [{ policies: [], thermal: 'none', clockMHz: 0 }, {}],
])('of %o tells %o', (told, plain) => expect(plainState(told)).toEqual(plain))
