import { describe, expect, it } from 'vitest'
import { parseDevice } from '../../../src-main/devices/address'
import { ratioNoise } from '../../../src-main/core/latency/staircase'
import { createRandom } from '../../../src-main/core/statistics/random'
import { ratios, sentinelDrift, tailRatios } from '../../../src-main/devices/measuring/summary'
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
    ...['', 'pi 4', 'pi4?threads=1', 'local?threads=0', 'local?threads=x', 'local?cores=2', 'local?threads=1.5'],
    ...['synthetic:', 'synthetic:x', 'synthetic:-1', 'synthetic:1.5', 'synthetic:7?a=b', 'replay:', 'printer:lpt1'],
    ...['ssh:pi', 'ssh://', 'ssh://pi@', 'ssh://pi@h/path', 'ssh://pi@h?trust=all', 'ssh://pi@h?colour=red'],
    ...[
      'serial:',
      'serial:?user=pi',
      'serial:/dev/x,fast',
      'ssh://h?cores=',
      'ssh://h?cores=3-1',
      'ssh://h?pin=yes',
      'ssh://h?runtime=mine',
      'serial:/dev/x?baud=1',
      'serial:/dev/x?password=y',
    ],
    ...['ssh://pi@h?threads=0', 'ssh://pi@h:99999', 'ssh://pi@h?name=local', 'ssh://pi@h?name=a b', 'ssh://h#x'],
  ])('refuses "%s"', (address) => {
    expect(() => parseDevice(address)).toThrowError(
      expect.objectContaining({ failure: expect.objectContaining({ kind: 'usage', code: 'device-address' }) }),
    )
  })

  it('reads boards over ssh, and names', () => {
    const plain = { kind: 'ssh', host: 'pi4', trust: 'ask', threads: 0, name: 'pi4' }
    expect(parseDevice('ssh://pi4')).toEqual(plain)
    expect(parseDevice('ssh://pi@pi4:2222?key=~/.ssh/id&trust=new&threads=2')).toEqual({
      ...plain,
      ...{ user: 'pi', port: 2222, key: '~/.ssh/id', trust: 'new', threads: 2, name: 'pi4-2222' },
    })
    expect(parseDevice('ssh://[fe80::1]:22?name=lab')).toEqual({ ...plain, host: 'fe80::1', port: 22, name: 'lab' })
    expect(parseDevice('pi4-2222')).toEqual({ kind: 'saved', name: 'pi4-2222' })
  })

  it('shows nobody a password that stands in an address', () => {
    let failure: unknown
    try {
      parseDevice('ssh://pi:raspberry@pi4')
    } catch (error) {
      failure = (error as { failure: unknown }).failure
    }
    expect(JSON.stringify(failure)).not.toContain('raspberry')
    expect(failure).toMatchObject({ code: 'device-address', message: expect.stringContaining('LUPINE_PASSWORD') })
  })

  it('reads boards on serial lines', () => {
    const plain = { kind: 'serial', path: '/dev/ttyUSB0', baud: 115_200, threads: 0, name: 'ttyUSB0' }
    expect(parseDevice('serial:/dev/ttyUSB0')).toEqual(plain)
    expect(parseDevice('serial:/dev/ttyUSB0,9600?threads=2')).toEqual({ ...plain, baud: 9600, threads: 2 })
    expect(parseDevice('serial:COM3?baud=1500000&user=pi&name=lab')).toEqual({
      ...plain,
      ...{ path: 'COM3', baud: 1_500_000, user: 'pi', name: 'lab' },
    })
    expect(parseDevice('ssh://pi@pi4?cores=6,4-5,4&pin=1&runtime=own')).toMatchObject({
      ...{ cores: [4, 5, 6], pin: true, runtime: 'own', threads: 0 },
    })
    // As udev names them.
    expect(parseDevice('serial:/dev/serial/by-id/usb-FTDI_FT232R_USB_UART:1.0-port0')).toMatchObject({
      name: 'usb-FTDI_FT232R_USB_UART-1.0-port0',
    })
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

  it('at a percentile see the tail that medians do not', () => {
    // One inference in ten of the second, at random, takes three times as long.
    const random = createRandom(2)
    const steady = Array.from({ length: 200 }, () => 1 + 0.01 * random.normal())
    const uneven = steady.map((ms) => (random.next() < 0.1 ? 1.5 * ms : 0.5 * ms))
    const measured = raw([steady, uneven])
    expect(ratios(measured)[1]!.ratio).toBeCloseTo(0.5, 2)
    const [sentinel, tail] = tailRatios(measured, 95)
    expect(sentinel!.ratio).toBe(1)
    expect(tail!.ratio).toBeCloseTo(1.5, 1)
    expect(ratioNoise(tail!)).toBeLessThan(0.05)
  })
})
