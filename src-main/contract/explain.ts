import { z } from 'zod'
import { deviceKey } from './device-key'
import { projectFolder } from './options'

const pair = z.object({ before: z.number(), after: z.number() })

/** Why each layer of a run's result is, or is not, faster. Fields as in the command line. */
export const explain = {
  request: z.object({
    dir: projectFolder,
    measure: z.boolean().default(true).describe('measure what the run did not record; otherwise say what is missing'),
  }),
  result: z.object({
    device: deviceKey,
    network: z.object({
      macs: pair,
      ms: pair.describe('end to end, interleaved in fresh processes'),
      saved: z.object({ macs: z.number(), ms: z.number() }).describe('fractions of the original'),
      summary: z.string(),
    }),
    layers: z
      .array(
        z.object({
          name: z.string(),
          op: z.string(),
          groups: z
            .array(z.object({ id: z.string(), channels: z.number(), kept: z.number() }))
            .describe('what it makes first, then what it reads; kept 0 = branch removed'),
          macs: pair,
          ms: pair.describe('by the profiler of the runtime, conversions in front of it included'),
          cause: z.string().describe('as-expected | removed | not-pruned | off-step | memory-bound | …'),
          reason: z.string(),
          missed: z.number().describe('ms saved less than its MACs promised; negative: more'),
          kernels: pair.describe('kernels the runtime starts for it'),
          better: z
            .object({ group: z.string(), from: z.number(), kept: z.number(), ms: z.number() })
            .optional()
            .describe('the nearest width of a group that makes the network faster, and by how many ms'),
          advice: z.string().optional(),
        }),
      )
      .describe('in the order of the network'),
    unattributed: pair.describe(
      'ms of the network that no layer has: scheduling between kernels; negative where profiling slows the layers',
    ),
    losses: z.array(z.string()).describe('names of the layers that saved less than their MACs promised, largest first'),
    missing: z.array(z.string()).describe('what could not be said, and how to get it'),
  }),
}
