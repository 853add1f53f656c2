import { z } from 'zod'
import { recipeName } from './options'

/** `finetune` and `train --recipe NAME`: what papers trained with. */
export const recipes = {
  request: z.object({}),
  result: z.object({
    recipes: z.array(
      z.object({
        name: recipeName,
        from: z.string().describe('the paper, and the images it is about'),
        epochs: z.number(),
        batch: z.number(),
        learningRate: z.number().describe('at its peak'),
        nesterov: z.boolean(),
        momentum: z.number(),
        weightDecay: z.number(),
        milestones: z.array(z.number()).readonly().describe('epochs at which the rate falls; empty: it stays'),
        decay: z.number().describe('the factor it falls by'),
        warmupEpochs: z.number(),
        cutout: z.number().describe('side of the square blanked in training images, pixels; 0: none'),
      }),
    ),
  }),
}
