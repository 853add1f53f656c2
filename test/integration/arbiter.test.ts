/** A real training while the machine is held for measuring; test/kills/arbiter.test.ts measures beside one. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { withMachine } from '../../src-main/devices/measuring/machine-lock'
import type { EngineMethods } from '../../src-main/engines/interface'
import { startEngine } from '../../src-main/engines/process/start'
import { built, Work } from '../fixtures/engines/doomed'

const work = new Work('arbiter')

describe.skipIf(!built)('a training', () => {
  it('waits while the machine is held, and goes on', async () => {
    const engine = startEngine<EngineMethods>('wasm')
    const abort = new AbortController()
    let steps = 0
    const request = work.training('held')
    const training = engine
      .call(
        'train',
        { ...request, recipe: { ...request.recipe, epochs: 10_000 } },
        { onProgress: () => steps++, signal: abort.signal },
      )
      .catch(() => undefined)
    const reach = async (count: number) => {
      while (steps < count) await sleep(20)
    }
    try {
      await reach(3)
      const [before, after] = await withMachine(async () => {
        const held = steps
        await sleep(1_000)
        return [held, steps]
      })
      // The step in flight when the lock was taken may still report.
      expect(after! - before!).toBeLessThanOrEqual(1)
      await reach(after! + 3)
    } finally {
      abort.abort()
      await training
      await engine.stop()
    }
  })
})
