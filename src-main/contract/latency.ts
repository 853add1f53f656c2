import { z } from 'zod'
import { deviceAddress, inputSize, modelPath, seed, streams } from './options'
import { deviceKey } from './device-key'

/** What a device makes of a network's widths: staircases, and how well they predict. Fields as in the command line. */

const fresh = z.boolean().default(false).describe('measure anew what earlier work on the same device left in the cache')

const step = z.object({
  from: z.number().describe('channels on the wide side'),
  to: z.number().describe('channels on the narrow side'),
  saved: z.number().describe('ms; negative where narrower is slower'),
  kind: z.enum(['step', 'penalty']).describe('narrower is faster, or narrower is slower'),
})

export const staircase = {
  request: z.object({
    model: modelPath,
    input: inputSize,
    device: deviceAddress,
    layer: z.string().optional().describe('a layer, or a coupled group'),
    streams,
    fresh,
    seed: seed.default(0),
  }),
  result: z.object({
    device: deviceKey,
    sentinel: z.number().describe('ms of the unpruned network'),
    layers: z.array(
      z.object({
        name: z.string(),
        group: z.string(),
        alike: z.number().describe('groups of the same shapes, measured together; times are one group’s share'),
        points: z
          .array(
            z.object({
              cin: z.number(),
              cout: z.number(),
              median: z.number().describe('ms of the network with this group alone at this width'),
              mad: z.number(),
              ratio: z.number().describe('the median over the unpruned network’s'),
              noise: z.number().describe('standard error of the ratio'),
            }),
          )
          .describe('by rising width; cout 0 = the residual branch removed'),
        steps: z.array(step),
      }),
    ),
    measured: z.number().describe('networks measured, repetitions counted'),
    cached: z.number().describe('networks known from earlier work'),
    seconds: z.number().describe('spent measuring'),
  }),
}

const errors = z.object({
  mape: z.number(),
  p95: z.number(),
  spearman: z.number(),
})

export const predict = {
  request: z.object({
    model: modelPath,
    input: inputSize,
    device: deviceAddress,
    holdoutPlans: z.number().int().min(4).max(2000).default(60),
    calibrationPlans: z.number().int().min(0).max(400).default(32),
    streams,
    fresh,
    seed: seed.default(0),
  }),
  result: errors.extend({
    device: deviceKey,
    byKind: z.record(z.string(), errors.extend({ plans: z.number(), macsLinear: z.number().describe('its MAPE') })),
    floor: z
      .object({ mape: z.number(), spearman: z.number() })
      .describe('two independent interleaved measurements of the same plans against each other'),
    baseline: z.object({ macsLinear: z.object({ mape: z.number(), spearman: z.number() }) }),
    coverage: z.number().describe('share of held-out plans inside their 95 % interval'),
    holdout: z.array(
      z.object({
        kind: z.string(),
        plan: z.record(z.string(), z.number()).describe('channels kept per group; 0 = branch removed'),
        predicted: z.number().describe('latency over the unpruned network’s'),
        low: z.number(),
        high: z.number(),
        measured: z.number().describe('mean of the two measurements'),
        macs: z.number().describe('fraction of the original'),
        samples: z.array(z.number()).describe('the two measurements'),
      }),
    ),
    measured: z.number().describe('networks measured to build the model'),
    cached: z.number(),
    seconds: z.number().describe('spent measuring to build the model'),
    secondsJudging: z.number(),
  }),
}
