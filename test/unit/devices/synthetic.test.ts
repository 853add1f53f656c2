import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Widths } from '../../../src-main/core/ports'
import { createSubject, pruneSubject } from '../../../src-main/core/pruning/subject'
import { mad, median } from '../../../src-main/core/statistics/robust'
import { openDevice } from '../../../src-main/devices/open'
import { DeviceOracle } from '../../../src-main/devices/oracle'
import { createWorld } from '../../../src-main/devices/synthetic/world'
import { saveOnnx } from '../../../src-main/formats/onnx/files'
import { livelyResnet } from '../../fixtures/networks'
import { temporaryFolder } from '../../fixtures/temporary'

const never = { aborted: false, throwIfAborted: () => {}, signal: new AbortController().signal }
const subject = createSubject(livelyResnet(8))
const dir = temporaryFolder('synthetic')
const plans: Widths[] = [0.75, 0.5, 0.25].map((part) =>
  Object.fromEntries(subject.dimensions.map(({ id, channels }) => [id, channels * part])),
)
const files = [{}, ...plans].map((_, i) => join(dir, `${i}.onnx`))
beforeAll(async () => {
  for (const [i, widths] of [{}, ...plans].entries()) await saveOnnx(files[i]!, pruneSubject(subject, widths))
})

describe('the synthetic device', () => {
  const options = { processes: 3, rounds: 10, slice: 6, seed: 1 }

  it('is the same device for the same seed, and another for another', async () => {
    const measure = async (address: string) =>
      (await openDevice(address).measure(files, [1, 3, 32, 32], options)).processes
    expect(await measure('synthetic:3')).toEqual(await measure('synthetic:3'))
    expect(await measure('synthetic:3')).not.toEqual(await measure('synthetic:4'))
  })

  it('tells the same of a model whatever is measured beside it, and another sample to another seed', async () => {
    const device = openDevice('synthetic:3')
    const all = await device.measure(files, [1, 3, 32, 32], options)
    const few = await device.measure([files[0]!, files[2]!], [1, 3, 32, 32], options)
    const other = await device.measure(files, [1, 3, 32, 32], { ...options, seed: 2 })
    all.processes.forEach(({ samples }, p) => {
      expect(few.processes[p]!.samples).toEqual([samples[0], samples[2]])
      expect(other.processes[p]!.samples[2]).not.toEqual(samples[2])
    })
  })

  it('is noisy, drifts and throttles, and the protocol sees through it', async () => {
    const world = createWorld(5)
    const truth = plans.map((widths) => world.latency(pruneSubject(subject, widths)) / world.latency(subject.network))
    const errors: number[] = []
    let discarded = 0
    const sentinels: number[] = []
    for (let seed = 0; seed < 20; seed++) {
      const oracle = new DeviceOracle({ device: openDevice('synthetic:5'), subject, seed, cancellation: never })
      const measured = await oracle.measure(plans)
      errors.push(...measured.map(({ ratio }, i) => Math.abs(ratio - truth[i]!) / truth[i]!))
      const raw = await openDevice('synthetic:5').measure(files, [1, 3, 32, 32], { ...options, seed })
      discarded += raw.discarded
      sentinels.push(...raw.processes.map(({ sentinel }) => median(sentinel)))
      expect(mad(raw.processes[0]!.sentinel) / median(raw.processes[0]!.sentinel)).toBeGreaterThan(0.004)
    }
    expect(Math.max(...sentinels) / Math.min(...sentinels)).toBeGreaterThan(1.03)
    expect(discarded).toBeGreaterThan(0)
    expect(median(errors)).toBeLessThan(0.003)
    expect(Math.max(...errors)).toBeLessThan(0.012)
  })
})

describe('replaying a run', () => {
  const recorded = async (measurements: string) => {
    const oracle = new DeviceOracle({
      device: openDevice('synthetic:9'),
      subject,
      measurements,
      seed: 4,
      cancellation: never,
    })
    return [await oracle.measure(plans), await oracle.measure(plans.slice(1))] as const
  }

  it('answers with what was measured, a plan at a time or all at once', async () => {
    const folder = temporaryFolder('replay')
    const [first, second] = await recorded(folder)
    const replay = () =>
      new DeviceOracle({ device: openDevice(`replay:${folder}`), subject, seed: 4, cancellation: never })
    const again = replay()
    expect(await again.measure(plans)).toEqual(first)
    expect(await again.measure(plans.slice(1))).toEqual(second)
    const [alone] = await replay().measure([plans[2]!])
    expect(alone!.ratio).toBe(first[2]!.ratio)
    expect(await openDevice(`replay:${folder}`).key()).toMatchObject({ runtime: 'synthetic' })
  })

  it('passes over damaged and foreign files, and names a plan it does not know', async () => {
    const folder = temporaryFolder('replay')
    await recorded(folder)
    writeFileSync(join(folder, '0000-1.json'), '{"models": [{}], "processes"')
    writeFileSync(join(folder, 'notes.json'), '{"a": 1}')
    const oracle = new DeviceOracle({ device: openDevice(`replay:${folder}`), subject, seed: 4, cancellation: never })
    expect(await oracle.measure(plans)).toHaveLength(3)
    const id = subject.dimensions[0]!.id
    await expect(oracle.measure([{ [id]: 3 }])).rejects.toMatchObject({
      failure: { kind: 'device', code: 'replay-missing', message: expect.stringContaining(`${id}=3`) as string },
    })
  })

  it.each(['/nowhere/at/all', temporaryFolder('empty')])('says so when there is nothing in %s', (folder) =>
    expect(openDevice(`replay:${folder}`).key()).rejects.toMatchObject({ failure: { kind: 'device' } }),
  )
})
