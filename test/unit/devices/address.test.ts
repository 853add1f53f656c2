import { describe, expect, it } from 'vitest'
import { parseDevice } from '../../../src-main/devices/address'
import { ratios, sentinelDrift } from '../../../src-main/devices/measuring/summary'
import type { RawMeasurement } from '../../../src-main/devices/device'

describe('parseDevice', () => {
  it('reads threads', () => {
    expect(parseDevice('local')).toEqual({ kind: 'local', threads: 0 })
    expect(parseDevice('local?threads=4')).toEqual({ kind: 'local', threads: 4 })
  })

  it('reads made-up and recorded devices', () => {
    expect(parseDevice('synthetic:7')).toEqual({ kind: 'synthetic', seed: 7 })
    expect(parseDevice('replay:/runs/a:b?c')).toEqual({ kind: 'replay', folder: '/runs/a:b?c' })
  })

  it.each([
    ...['', 'pi4', 'local?threads=0', 'local?threads=x', 'local?cores=2', 'local?threads=1.5'],
    ...['synthetic:', 'synthetic:x', 'synthetic:-1', 'synthetic:1.5', 'synthetic:7?a=b', 'replay:', 'printer:lpt1'],
  ])('refuses "%s"', (address) => {
    expect(() => parseDevice(address)).toThrowError(
      expect.objectContaining({ failure: expect.objectContaining({ kind: 'usage', code: 'device-address' }) }),
    )
  })

  it('says of boards that they come later', () => {
    expect(() => parseDevice('ssh://pi@pi4')).toThrow(
      'Devices of the kind "ssh" are not in this version yet (ssh://pi@pi4).',
    )
  })
})

describe('ratios', () => {
  const raw = (samples: number[][]): RawMeasurement =>
    ({ models: ['a', 'b'], processes: [{ samples, sentinel: [] }] }) as unknown as RawMeasurement

  it('divide out what drifts over all models alike', () => {
    // The machine gets slower by half: the medians would say 0.55, the ratio stays 0.5.
    const drift = [1, 1.1, 1.2, 1.4, 1.5]
    const [sentinel, model] = ratios(raw([drift, drift.map((d) => d / 2)]))
    expect(sentinel!.ratio).toBe(1)
    expect(model!.ratio).toBeCloseTo(0.5, 12)
    expect(model!.mad).toBeCloseTo(0, 12)
    expect(model!.samples).toBe(5)
    expect(sentinelDrift(raw([drift, drift]))).toBeCloseTo(0.5, 12)
  })
})
