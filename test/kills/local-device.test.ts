/** This computer, measured as a search measures it. */
import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createSubject } from '../../src-main/core/pruning/subject'
import { openDevice } from '../../src-main/devices/open'
import { DeviceOracle } from '../../src-main/devices/oracle'
import { livelyResnet } from '../fixtures/networks'
import { temporaryFolder } from '../fixtures/temporary'

const never = { aborted: false, throwIfAborted: () => {}, signal: new AbortController().signal }

describe('this computer as a device', () => {
  const device = openDevice('local?threads=1')

  it('finds a network of half the depth faster, and the original as fast as itself', async () => {
    const subject = createSubject(livelyResnet(20))
    const measurements = temporaryFolder('measurements')
    const oracle = new DeviceOracle({ device, subject, measurements, seed: 1, cancellation: never })
    const removed = Object.fromEntries(subject.branches.slice(0, 6).map((branch) => [branch.groups[0]!, 0]))
    const [same, shallow] = await oracle.measure([{}, removed])
    expect(same!.ratio).toBeGreaterThan(0.85)
    expect(same!.ratio).toBeLessThan(1.15)
    expect(shallow!.ratio).toBeLessThan(0.75)
    expect(shallow!.median).toBeGreaterThan(0)
    expect(readdirSync(measurements)).toHaveLength(1)
  })
})
