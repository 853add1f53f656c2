import { describe, expect, it } from 'vitest'
import { survey } from '../../../src-main/core/latency/survey'
import type { Widths } from '../../../src-main/core/ports'
import { createCostModel } from '../../../src-main/core/pruning/cost-model'
import { latencyGroups } from '../../../src-main/core/pruning/latency-groups'
import { createSubject, pruneSubject } from '../../../src-main/core/pruning/subject'
import { median } from '../../../src-main/core/statistics/robust'
import { openDevice } from '../../../src-main/devices/open'
import { DeviceOracle } from '../../../src-main/devices/oracle'
import { createWorld } from '../../../src-main/devices/synthetic/world'
import { livelyResnet } from '../../fixtures/networks'

const never = { aborted: false, throwIfAborted: () => {}, signal: new AbortController().signal }
/** What a step must be worth of the network's time to count: less is below what the protocol promises to hold. */
const worthwhile = 0.005

const seeds = [1, 2]
const subject = createSubject(livelyResnet(20))
const groups = latencyGroups(subject)
const costs = createCostModel(subject)

/** Widths at which the hidden function jumps when all groups of a signature are cut together. */
function hiddenSteps(seed: number): { signature: string; channels: number; at: Set<number>; drops: number[] }[] {
  const world = createWorld(seed)
  const whole = world.latency(subject.network)
  return [...new Set(groups.map(({ signature }) => signature))].map((signature) => {
    const alike = groups.filter((group) => group.signature === signature)
    const { channels } = alike[0]!
    const ratio = (kept: number): number =>
      world.latency(pruneSubject(subject, Object.fromEntries(alike.map(({ id }) => [id, kept])))) / whole
    const drops = Array.from({ length: channels - 1 }, (_, i) => ratio(i + 2) - ratio(i + 1))
    // Against what every channel costs anyway: a ramp is no staircase.
    const slope = median(drops)
    const at = new Set(drops.flatMap((drop, i) => (Math.abs(drop - slope) > worthwhile ? [i + 2] : [])))
    return { signature, channels, at, drops }
  })
}

describe('staircases of the synthetic device', () => {
  it.each(seeds)(
    'are found step by step, seed %i',
    async (seed) => {
      const oracle = new DeviceOracle({
        device: openDevice(`synthetic:${seed}`),
        subject,
        seed: 1,
        cancellation: never,
      })
      const measure = (variants: readonly Widths[], repetition: number) => oracle.measure(variants, repetition)
      const { table } = await survey(groups, measure, {
        macs: (widths) => costs.cost('macs', widths),
        refinements: 8,
        resolution: worthwhile,
      })
      let [hidden, exact, found, real] = [0, 0, 0, 0]
      for (const { signature, at, drops } of hiddenSteps(seed)) {
        const steps = table.staircases[signature]!.steps.filter(({ from, to }) => from - to === 1).map(
          ({ from }) => from,
        )
        hidden += at.size
        exact += [...at].filter((from) => steps.includes(from)).length
        found += steps.length
        real += steps.filter((from) => Math.abs(drops[from - 2]!) > worthwhile / 8).length
      }
      expect(exact / hidden).toBeGreaterThanOrEqual(0.95)
      expect(real / found).toBeGreaterThanOrEqual(0.95)
    },
    120_000,
  )
})
