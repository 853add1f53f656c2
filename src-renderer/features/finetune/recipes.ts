import type { CallResult } from '../../../src-main/contract'

export type Recipe = CallResult<'recipes.list'>['recipes'][number]

/** What a recipe is, in a sentence; epochs as they would be. */
export function explained(recipe: Recipe, epochs = recipe.epochs): string {
  const { from, batch, learningRate, milestones, decay, nesterov, momentum, weightDecay, warmupEpochs, cutout } = recipe
  const at = milestones.map((milestone) => Number(((milestone * epochs) / recipe.epochs).toFixed(1)))
  const falls = at.length === 0 ? 'constant' : `times ${decay} after epoch ${at.join(', ')}`
  return [
    `${from}: ${epochs} epochs of batches of ${batch}`,
    `a rate of ${learningRate}, ${falls}`,
    `${nesterov ? 'Nesterov ' : ''}momentum ${momentum}, L2 ${weightDecay}`,
    ...(warmupEpochs > 0 ? ['a warm-up'] : []),
    ...(cutout > 0 ? [`squares of ${cutout} pixels blanked`] : []),
  ].join('; ')
}
