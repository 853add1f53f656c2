import type { Recipe } from '../../engines/interface'
import { finetuneRecipe, flipsFor } from '../recipes'
import type { RunScene } from './scene'

/** A recipe of fine-tuning, with what all trainings of a run have in common. */
export const runRecipe = ({ request }: Pick<RunScene, 'request'>, epochs: number, changes: Partial<Recipe>): Recipe =>
  finetuneRecipe(epochs, request.seed, {
    flip: flipsFor(request.data),
    ...(request.precision && { precision: request.precision }),
    ...changes,
  })
