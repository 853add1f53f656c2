import { z } from 'zod'
import { splitName } from './data'
import { deviceKey } from './device-key'
import {
  budgetSchema,
  criterion,
  dataAddress,
  deviceAddress,
  engineName,
  exclude,
  fidelity,
  holdout,
  inputSize,
  modelPath,
  nextLayer,
  normalize,
  normPolicy,
  outPath,
  precision,
  precisionName,
  recipeName,
  searchMethod,
  seed,
  streams,
} from './options'

/** Long single tasks: profile, evaluate, search, finetune. Fields as in the command line's contract. */

export const profile = {
  request: z.object({
    model: modelPath,
    input: inputSize,
    device: deviceAddress,
    runs: z.number().int().positive().optional(),
    seed: seed.default(0),
  }),
  result: z.object({
    device: deviceKey,
    median: z.number(),
    mad: z.number(),
    p90: z.number(),
    p95: z.number(),
    p99: z.number(),
    min: z.number(),
    samples: z.array(z.number()),
    sentinel: z.object({ median: z.number(), drift: z.number() }),
    layers: z.array(z.object({ name: z.string(), op: z.string(), group: z.string().optional(), median: z.number() })),
    state: z.object({ before: z.record(z.string(), z.unknown()), after: z.record(z.string(), z.unknown()) }),
    discarded: z.number(),
  }),
}

export const evaluate = {
  request: z.object({
    model: modelPath,
    data: dataAddress,
    normalize: normalize.optional(),
    engine: z.enum(['onnxruntime', ...engineName.options]).optional(),
    split: splitName.default('test'),
    images: z.number().int().positive().optional().describe('at most so many, the same ones always'),
  }),
  result: z.object({
    top1: z.number(),
    top5: z.number(),
    images: z.number(),
    perClass: z
      .array(z.object({ name: z.string(), images: z.number(), top1: z.number() }))
      .optional()
      .describe('by onnxruntime'),
    seconds: z.number(),
    engine: z.string(),
    split: z.string(),
    normalize: z.string(),
  }),
}

export const search = {
  request: z.object({
    model: modelPath,
    data: dataAddress,
    device: deviceAddress,
    budget: budgetSchema,
    method: searchMethod.default('igwo'),
    criterion,
    nextLayer,
    bn: normPolicy.optional(),
    evaluations: z.number().int().positive().optional(),
    holdout,
    exclude,
    streams,
    normalize: normalize.optional(),
    engine: engineName.optional().describe('for Taylor scores'),
    seed: seed.default(0),
    out: outPath,
  }),
  result: z.object({
    method: z.string(),
    plan: z.string(),
    evaluations: z.number(),
    distinct: z.number(),
    seconds: z.number(),
    best: z.object({
      fitness: z.number(),
      latency: z.object({ predicted: z.number().nullable(), measured: z.number().nullable() }),
      macs: z.number(),
      params: z.number(),
    }),
    front: z.array(z.unknown()),
    history: z.array(z.unknown()),
    baselines: z.object({ random: z.number().nullable(), uniform: z.number().nullable() }),
    fidelity,
    warnings: z.array(z.string()),
  }),
}

/** Changes to the standard recipe; what is absent stays as it is. */
const recipeChanges = {
  schedule: z.enum(['cosine', 'step', 'constant']).optional(),
  milestones: z.array(z.number().nonnegative()).optional().describe("epochs; for 'step'"),
  decay: z.number().positive().max(1).optional().describe('factor at each milestone'),
  warmupEpochs: z.number().nonnegative().optional(),
  labelSmoothing: z.number().min(0).max(1).optional(),
  patience: z.number().int().positive().optional().describe('epochs without a better top-1 before it stops'),
  keep: z
    .enum(['best', 'last'])
    .optional()
    .describe("whose weights are the result: the last epoch's, or the best validation top-1's (best with patience)"),
  momentum: z.number().min(0).lt(1).optional(),
  weightDecay: z.number().nonnegative().optional(),
  distillation: z.number().min(0).max(1).optional().describe("the teacher's share of the loss"),
  temperature: z.number().positive().optional(),
  cutout: z.number().int().nonnegative().optional().describe('side of the square blanked in training images, pixels'),
  precision,
}

export const finetune = {
  request: z.object({
    ...recipeChanges,
    model: modelPath,
    data: dataAddress,
    epochs: z.number().int().nonnegative().optional().describe("the recipe's own when absent"),
    recipe: recipeName.optional().describe('what a paper trained with; what is given besides goes before'),
    teacher: modelPath.optional(),
    normalize: normalize.optional(),
    engine: engineName.optional(),
    learningRate: z.number().positive().optional(),
    trainImages: z.number().int().positive().optional(),
    batch: z.number().int().positive().optional(),
    seed: seed.default(0),
    out: outPath,
  }),
  result: z.object({
    top1: z.object({ before: z.number(), after: z.number() }),
    epochs: z.array(z.object({ loss: z.number(), top1: z.number(), lr: z.number() })),
    kept: z
      .object({ epoch: z.number(), rule: z.enum(['best', 'last']) })
      .describe('the epoch whose weights are the result; top1.after is its'),
    imagesPerSecond: z.number(),
    engine: z.string(),
    precision: precisionName.describe('of activations; weights are float32'),
    judgedBy: z.enum(['labels', 'teacher']).describe("what top-1 is counted against: labels, or the teacher's answers"),
  }),
}
