import { z } from 'zod'

/** Everything a latency depends on apart from the model. */
export const deviceKey = z.object({
  address: z.string(),
  board: z.string(),
  runtime: z.string(),
  version: z.string(),
  provider: z.string(),
  precision: z.string(),
  batch: z.number(),
  threads: z.number(),
  cores: z.string().optional().describe('those it was held to, by number; absent: all'),
  powerMode: z.string(),
  machine: z.string(),
})
export type DeviceKey = z.infer<typeof deviceKey>
