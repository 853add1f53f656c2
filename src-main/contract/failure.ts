import { z } from 'zod'

/** core/failure.ts's Failure as it crosses a door. */
export const failureSchema = z.object({
  kind: z.enum(['work', 'usage', 'input', 'device', 'interrupted']),
  code: z.string(),
  message: z.string(),
  hint: z.string(),
})

/** Exit codes of the command line, by kind of failure. */
export const exitCodes = { work: 1, usage: 2, input: 3, device: 4, interrupted: 130 } as const
