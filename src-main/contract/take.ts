import { z } from 'zod'
import { projectFolder } from './options'

const pair = z.object({ before: z.number(), after: z.number() })

/** What a taken plan cost and costs; kept beside it, so that it is found again. */
export const takenFigures = z.object({ channels: pair, macs: pair, params: pair })

/** Makes any candidate of a run's search into a plan and a network, beside the run's own result. */
export const take = {
  request: z.object({
    dir: projectFolder,
    widths: z
      .record(z.string(), z.number().int().nonnegative())
      .describe('channels kept per coupled group; 0 = its residual branch removed; absent = untouched'),
    name: z
      .string()
      .regex(/^[\w-]{1,60}$/)
      .optional()
      .describe('of the files, in the project’s plans folder; from the plan’s content when absent'),
  }),
  result: z.object({
    plan: z.string().describe('path of the plan'),
    model: z.string().describe('path of the pruned network, its BN re-estimated, not fine-tuned'),
    ...takenFigures.shape,
  }),
}
