import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { LatencyOracle, Widths } from '../../../src-main/core/ports'
import { openDevice } from '../../../src-main/devices/open'
import { CachedOracle, pointsKey } from '../../../src-main/devices/point-cache'
import { livelyResnet } from '../../fixtures/networks'
import { temporaryFolder } from '../../fixtures/temporary'

const effort = { processes: 2, rounds: 6, slice: 0 }
const plans: Widths[] = [{ a: 1 }, { a: 2 }, { a: 3 }]

/** Says how often it was asked what. */
function counting(): LatencyOracle & { asked: number } {
  return {
    asked: 0,
    measure(variants, repetition = 0) {
      this.asked += variants.length
      return Promise.resolve(
        variants.map((widths) => ({ ratio: widths['a']! / 10 + repetition / 100, median: 1, mad: 0.01, samples: 12 })),
      )
    },
  }
}

describe('the cache of measured points', () => {
  const fresh = () => temporaryFolder('cache')

  it('measures once for a key, each repetition for itself, and again when asked to', async () => {
    const folder = fresh()
    const [first, second, third] = [counting(), counting(), counting()]
    const values = await new CachedOracle(first, 'k', { folder }).measure(plans)
    expect(await new CachedOracle(second, 'k', { folder }).measure([plans[2]!, plans[0]!])).toEqual([
      values[2],
      values[0],
    ])
    expect(second.asked).toBe(0)
    await new CachedOracle(second, 'k', { folder }).measure(plans, 1)
    expect(second.asked).toBe(3)
    const again = new CachedOracle(third, 'k', { folder, fresh: true })
    await again.measure(plans)
    expect([third.asked, again.measured, again.known]).toEqual([3, 3, 0])
  })

  it('passes over entries that are damaged, foreign, or of another key', async () => {
    const folder = fresh()
    await new CachedOracle(counting(), 'k', { folder }).measure(plans)
    const [name] = readdirSync(join(folder, 'k'))
    const path = join(folder, 'k', name!)
    const text = readFileSync(path, 'utf8')
    const asked = async (): Promise<number> => {
      const oracle = counting()
      await new CachedOracle(oracle, 'k', { folder }).measure([plans[0]!])
      return oracle.asked
    }
    expect(await asked()).toBe(0)
    // A ratio changed by hand no longer matches the name.
    writeFileSync(path, text.replace('0.1', '0.9'))
    expect(await asked()).toBe(1)
    writeFileSync(path, text.slice(0, 40))
    writeFileSync(join(folder, 'k', 'notes.txt'), 'hello')
    const again = counting()
    expect((await new CachedOracle(again, 'k', { folder }).measure([plans[0]!]))[0]!.ratio).toBe(0.1)
    expect(again.asked).toBe(0)
    expect((await new CachedOracle(counting(), 'other', { folder }).measure([plans[1]!]))[0]!.ratio).toBe(0.2)
  })

  it('tells devices, networks and efforts apart, but not weights or addresses', async () => {
    const key = await openDevice('synthetic:1').key()
    const network = livelyResnet(8)
    const own = pointsKey(key, network, effort)
    expect(pointsKey({ ...key, address: 'my-board' }, livelyResnet(8, 2), effort)).toBe(own)
    expect(pointsKey({ ...key, threads: 2 }, network, effort)).not.toBe(own)
    expect(pointsKey(key, livelyResnet(14), effort)).not.toBe(own)
    expect(pointsKey(key, network, { ...effort, rounds: 9 })).not.toBe(own)
  })
})
