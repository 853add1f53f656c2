import type { Recipe } from '../engines/interface'

const changeable = [
  ...(['schedule', 'milestones', 'decay', 'warmupEpochs', 'labelSmoothing', 'patience', 'keep'] as const),
  ...(['momentum', 'weightDecay', 'distillation', 'temperature', 'cutout', 'precision'] as const),
] as const

/** What a request may change about a recipe. */
export type RecipeChanges = { readonly [K in (typeof changeable)[number]]?: Recipe[K] | undefined }

/** The changes a request really makes. */
export const recipeChanges = (request: RecipeChanges): Partial<Recipe> =>
  Object.fromEntries(changeable.flatMap((key) => (request[key] === undefined ? [] : [[key, request[key]]])))

/** Fine-tuning a pruned network: SGD with Nesterov momentum, cosine, distillation from the unpruned one. */
export function finetuneRecipe(epochs: number, seed: number, changes: Partial<Recipe> = {}): Recipe {
  return {
    epochs,
    batch: 128,
    learningRate: 0.05,
    momentum: 0.9,
    nesterov: true,
    weightDecay: 1e-4,
    schedule: 'cosine',
    warmupEpochs: Math.min(0.5, epochs / 10),
    distillation: 0.7,
    temperature: 3,
    crop: 4,
    flip: true,
    seed,
    ...changes,
  }
}

/** Pictures that mean something else in the mirror, like the sample's, are not flipped. */
export const flipsFor = (address: string): boolean => address !== 'sample'
