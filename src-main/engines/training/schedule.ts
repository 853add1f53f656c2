import type { Recipe } from '../interface'

/**
 * Learning rate of a step: linear warm-up to the peak, then the peak, the peak times `decay` per milestone passed, or
 * half a cosine down to 0 at the last step (Loshchilov, Hutter: SGDR, 2017, without restarts).
 * @param step 0-based, over the whole training; fractional epochs of warm-up are allowed
 */
export function learningRateAt(step: number, stepsPerEpoch: number, recipe: Recipe): number {
  const { learningRate, warmupEpochs, epochs, schedule } = recipe
  const warmup = Math.round(warmupEpochs * stepsPerEpoch)
  if (step < warmup) return (learningRate * (step + 1)) / warmup
  if (schedule === 'constant') return learningRate
  if (schedule === 'step') {
    const passed = (recipe.milestones ?? []).filter((epoch) => step >= Math.round(epoch * stepsPerEpoch))
    return learningRate * (recipe.decay ?? 0.1) ** passed.length
  }
  const total = Math.max(1, epochs * stepsPerEpoch - warmup)
  return (learningRate * (1 + Math.cos((Math.PI * (step - warmup)) / total))) / 2
}

/**
 * Whether a training has gone `patience` epochs without a better validation top-1.
 * @param top1 after each epoch so far
 */
export function hasStalled(top1: readonly number[], patience: number | undefined): boolean {
  if (patience === undefined) return false
  const best = top1.reduce((at, value, i) => (value > top1[at] ? i : at), 0)
  return top1.length - 1 - best >= patience
}

/** Which epoch's weights are the result: as the recipe says; else the best where training may stop early, or the last. */
export const keepRule = ({ keep, patience }: Recipe): 'best' | 'last' =>
  keep ?? (patience === undefined ? 'last' : 'best')
