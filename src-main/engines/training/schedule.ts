import type { Recipe } from '../interface'

/**
 * Learning rate of a step: linear warm-up to the peak, then the peak, or half a cosine down to 0 at the last step
 * (Loshchilov, Hutter: SGDR, 2017, without restarts).
 * @param step 0-based, over the whole training; fractional epochs of warm-up are allowed
 */
export function learningRateAt(step: number, stepsPerEpoch: number, recipe: Recipe): number {
  const { learningRate, warmupEpochs, epochs, schedule } = recipe
  const warmup = Math.round(warmupEpochs * stepsPerEpoch)
  if (step < warmup) return (learningRate * (step + 1)) / warmup
  if (schedule === 'constant') return learningRate
  const total = Math.max(1, epochs * stepsPerEpoch - warmup)
  return (learningRate * (1 + Math.cos((Math.PI * (step - warmup)) / total))) / 2
}
