import { createRandom, permutation } from '../../core/statistics/random'
import { mad, MAD_TO_SIGMA, median } from '../../core/statistics/robust'

export interface RoundRobin {
  readonly rounds: number
  /**
   * Milliseconds each model gets per round: three repeated inferences or more, of which the median counts as one
   * sample. 0: every sample is one inference, so that the tail of the distribution is seen.
   */
  readonly slice: number
  readonly seed: number
}

export interface RoundRobinSamples {
  /** ms per inference: samples[model][round]. */
  readonly samples: number[][]
  /** Every single inference of the sentinel, ms (for percentiles). */
  readonly sentinel: number[]
}

/**
 * Round robin with a sentinel: every model is timed once per round, in an order shuffled anew each round, so that
 * drift of the machine falls on all alike and divides out in the ratio to the sentinel (sequential measuring drifts
 * 6 % in two minutes, round robin holds 0.5 %).
 *
 * @param time one inference of a model, ms; model 0 is the sentinel
 * @param now a clock in ms
 */
export async function roundRobin(
  models: number,
  time: (model: number) => Promise<number>,
  now: () => number,
  { rounds, slice, seed }: RoundRobin,
  onRound: (done: number) => Promise<void> = () => Promise.resolve(),
): Promise<RoundRobinSamples> {
  const random = createRandom(seed)
  const samples: number[][] = Array.from({ length: models }, () => [])
  const sentinel: number[] = []
  const repeats: number[] = []
  for (let model = 0; model < models; model++) {
    for (let i = 0; i < 3; i++) await time(model)
    const once = Math.min(await time(model), await time(model), await time(model))
    repeats.push(slice === 0 ? 1 : Math.max(3, Math.min(50, Math.round(slice / once))))
  }
  await warmUp(() => time(0), now)
  for (let round = 0; round < rounds; round++) {
    for (const model of permutation(models, random)) {
      await time(model) // refills the caches after the model before it
      const times: number[] = []
      for (let i = 0; i < repeats[model]!; i++) times.push(await time(model))
      samples[model]!.push(median(times))
      if (model === 0) sentinel.push(...times)
    }
    await onRound(round + 1)
  }
  return { samples, sentinel }
}

/** At least 0.5 s and until two windows of 20 inferences agree within 1 % or their own noise, at most 3 s. */
async function warmUp(once: () => Promise<number>, now: () => number): Promise<void> {
  const start = now()
  let before = Infinity
  while (now() - start < 3000) {
    const window: number[] = []
    for (let i = 0; i < 20; i++) window.push(await once())
    const middle = median(window)
    // Two standard errors of a window's median.
    const noise = (2 * 1.2533 * MAD_TO_SIGMA * mad(window)) / Math.sqrt(window.length)
    if (now() - start > 500 && Math.abs(middle - before) < Math.max(0.01 * before, noise)) return
    before = middle
  }
}
