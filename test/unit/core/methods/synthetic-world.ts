import type { Evaluator, LatencyMeasurement, LatencyOracle, Score, Widths } from '../../../../src-main/core/ports'
import type { LatencyGroup } from '../../../../src-main/core/latency/table'
import type { CostModel } from '../../../../src-main/core/search/budget'
import { beyondDoubtLarger } from '../../../../src-main/core/statistics/race'
import { createRandom } from '../../../../src-main/core/statistics/random'

/**
 * A made-up network on a made-up device: staircases of 8 channels with a penalty for odd widths, end-to-end time that
 * is less than the sum of what the layers save, losses with interactions between neighbouring groups.
 */
export interface World {
  readonly groups: readonly LatencyGroup[]
  readonly costs: CostModel
  readonly oracle: LatencyOracle
  readonly evaluator: Evaluator
  /** Without noise. */
  ratio(widths: Widths): number
  loss(widths: Widths): number
  /** How often the outside was asked. */
  readonly asked: { measured: number; evaluated: number; dropped: number }
}

export interface WorldOptions {
  readonly seed?: number
  readonly blocks?: number
  /** Relative standard deviation of one measured ratio. */
  readonly noise?: number
  /** Strength of the interactions between neighbours' losses. */
  readonly interaction?: number
  /** Part of every saving that end-to-end time does not see. */
  readonly absorbed?: number
}

export function createWorld(options: WorldOptions = {}): World {
  const { seed = 1, blocks = 4, noise = 0.004, interaction = 1, absorbed = 0.1 } = options
  const random = createRandom(seed)
  const groups: LatencyGroup[] = []
  for (const [stage, channels] of [16, 32, 64].entries()) {
    for (let block = 0; block < blocks; block++) {
      const id = `layer${stage + 1}.${block}`
      groups.push({ id, channels, signature: `stage${stage}`, removable: block > 0 })
    }
  }
  const weights = groups.map(() => Math.exp(random.normal()))
  const bends = groups.map(() => 0.6 + random.next() * 1.5)
  const pairs = groups.map(() => (random.next() - 0.2) * 2 * interaction)
  const kept = (widths: Widths, i: number): number => widths[groups[i]!.id] ?? groups[i]!.channels

  const layerTime = (width: number, channels: number): number => {
    if (width === 0) return 0
    const steps = Math.ceil(width / 8) * 8
    return 0.15 + 0.85 * (steps / channels) * (width % 2 === 1 ? 1.25 : 1)
  }
  const full = groups.length + 1.5
  const ratio = (widths: Widths): number => {
    const time = groups.reduce((sum, group, i) => sum + layerTime(kept(widths, i), group.channels), 1.5)
    return 1 - (1 - time / full) * (1 - absorbed)
  }
  const loss = (widths: Widths): number => {
    const damage = groups.map((group, i) => {
      const pruned = 1 - kept(widths, i) / group.channels
      return weights[i]! * 0.1 * (Math.exp(2 * bends[i]! * pruned) - 1)
    })
    return damage.reduce((sum, d, i) => sum + d + pairs[i]! * Math.sqrt(d * (damage[i + 1] ?? 0)) * 0.5, 0)
  }
  const cost = (kind: string, widths: Widths): number => {
    const whole = groups.reduce((sum, group) => sum + group.channels ** (kind === 'macs' ? 1 : 2), 20)
    const left = groups.reduce((sum, g, i) => sum + kept(widths, i) * g.channels ** (kind === 'macs' ? 0 : 1), 20)
    return left / whole
  }
  const asked = { measured: 0, evaluated: 0, dropped: 0 }
  const measureOne = (widths: Widths): LatencyMeasurement => {
    asked.measured++
    const value = ratio(widths) * (1 + noise * random.normal())
    return { ratio: value, median: value * 10, mad: (noise * value * 10 * Math.sqrt(20)) / 1.4826, samples: 31 }
  }
  // Some images are harder than others, for every plan alike.
  const images = Array.from({ length: 64 }, () => Math.exp(random.normal()))
  const mean = images.reduce((sum, hard) => sum + hard, 0) / images.length
  const evaluateOne = (widths: Widths, race?: { readonly rival: Score | undefined }): Score => {
    asked.evaluated++
    const divergence = loss(widths) + 0.003
    if (!race) return { divergence, top1: undefined }
    const few = images.map((hard, i) => divergence * (hard / mean + 0.1 * Math.sin(7 * i + Object.keys(widths).length)))
    const { rival } = race
    const worse = rival?.few && beyondDoubtLarger(few, rival.few)
    if (worse === undefined) return { divergence, top1: undefined, few }
    asked.dropped++
    return { divergence: rival!.divergence + worse, top1: undefined, few, estimated: true }
  }
  return {
    groups,
    costs: { cost },
    oracle: { measure: async (variants) => variants.map(measureOne) },
    evaluator: {
      evaluate: async (candidates, race) =>
        candidates.map((widths, i) => evaluateOne(widths, race && { rival: race.rivals[i] })),
    },
    ratio,
    loss,
    asked,
  }
}
