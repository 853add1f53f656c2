/** This computer as a device, briefly; test/kills/local-device.test.ts measures it as a search does. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { median } from '../../src-main/core/statistics/robust'
import { withMachine } from '../../src-main/devices/measuring/machine-lock'
import { openDevice } from '../../src-main/devices/open'
import { saveOnnx } from '../../src-main/formats/onnx/files'
import { livelyResnet, quickResnet } from '../fixtures/networks'
import { temporaryFolder } from '../fixtures/temporary'

describe('this computer as a device', () => {
  const device = openDevice('local?threads=1')

  it('measures models beside one another, in fresh processes', async () => {
    const folder = temporaryFolder('measured')
    const models = [join(folder, 'whole.onnx'), join(folder, 'small.onnx')]
    await saveOnnx(models[0]!, livelyResnet(20))
    await saveOnnx(models[1]!, quickResnet())
    const effort = { processes: 1, rounds: 5, slice: 2, seed: 1 }
    const { processes } = await device.measure(models, [1, 3, 32, 32], effort)
    expect(processes.length).toBeGreaterThanOrEqual(1)
    for (const { samples } of processes) {
      expect(samples.map((times) => times.length)).toEqual([5, 5])
      expect(median(samples[1]!)).toBeGreaterThan(0)
      expect(median(samples[1]!)).toBeLessThan(median(samples[0]!) / 2)
    }
  })

  it('says what it is', async () => {
    expect(await device.key()).toMatchObject({ runtime: 'onnxruntime', threads: 1, batch: 1, precision: 'float32' })
  })
})

describe('the machine', () => {
  it('is held by one measurement at a time', async () => {
    let inside = 0
    let most = 0
    const work = async () => {
      most = Math.max(most, ++inside)
      await new Promise((resolve) => setTimeout(resolve, 50))
      inside--
    }
    await Promise.all([withMachine(work), withMachine(work), withMachine(work)])
    expect(most).toBe(1)
  })
})
