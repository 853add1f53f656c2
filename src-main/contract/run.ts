import { z } from 'zod'
import {
  budgetSchema,
  criterion,
  dataAddress,
  deviceAddress,
  engineName,
  exclude,
  fidelity,
  holdout,
  modelPath,
  nextLayer,
  normalize,
  normPolicy,
  outPath,
  precision,
  runMethod,
  searchMethod,
  seed,
  streams,
} from './options'

const latency = z.object({ median: z.number(), mad: z.number() }).describe('ms')

const figures = z.object({
  top1: z.number(),
  latency,
  macs: z.number(),
  params: z.number(),
  bytes: z.number(),
})

/** search, prune, fine-tune, export, verify. `out` is a project folder. */
export const runRequest = z.object({
  model: modelPath,
  data: dataAddress,
  device: deviceAddress,
  budget: budgetSchema.default({}),
  accuracy: z
    .number()
    .positive()
    .max(1)
    .optional()
    .describe('top-1 to keep: looks for the fastest that has it, in place of a latency budget'),
  keep: z.number().positive().max(1).optional().describe('fraction of channels kept, for methods that take one'),
  method: runMethod.default('igwo'),
  methodOptions: z.record(z.string(), z.string()).optional().describe('NAME: value, as the method explains them'),
  methodEpochs: z.number().int().positive().optional().describe("of the method's own training"),
  criterion,
  nextLayer,
  bn: normPolicy.optional(),
  evaluations: z.number().int().positive().optional(),
  epochs: z.number().int().nonnegative().optional(),
  trainImages: z.number().int().positive().optional().describe('training images per epoch; all when absent'),
  distillation: z.number().min(0).max(1).optional().describe("the original's share of the fine-tuning's loss (0.7)"),
  refine: z
    .number()
    .int()
    .nonnegative()
    .optional()
    .describe('plans that are fine-tuned briefly to choose among them; 0: the fitness chooses; a tenth of evaluations'),
  normalize: normalize.optional(),
  holdout,
  exclude,
  streams,
  engine: engineName.optional(),
  precision,
  seed: seed.default(0),
  out: outPath,
})
export type RunRequest = z.infer<typeof runRequest>

export const runResult = z.object({
  before: figures,
  after: figures,
  test: z
    .object({
      images: z.number(),
      perClass: z
        .array(z.object({ name: z.string(), images: z.number(), before: z.number(), after: z.number() }))
        .describe('top-1 per class, of original and result'),
    })
    .optional()
    .describe('the test split'),
  speedup: z.object({
    graph: z.number().describe('clean-up alone: latency of the file as given over the cleaned one'),
    pruning: z.number().describe('cleaned original over result, re-measured interleaved in fresh processes'),
    predicted: z.number().nullable().describe('null without a latency budget'),
    measured: z.number(),
  }),
  goal: z
    .object({ accuracy: z.number(), latency: z.number(), top1: z.number().describe('after a short training') })
    .optional()
    .describe('where an accuracy was asked for'),
  fidelity: fidelity.optional().describe('of searches'),
  agreement: z.object({
    maxAbsDiff: z.number(),
    top1: z.number(),
    device: z
      .object({ maxAbsDiff: z.number(), outputRange: z.number(), top1: z.number(), images: z.number() })
      .optional()
      .describe("the result's outputs on a device that is another computer, against onnxruntime here"),
  }),
  plan: z.string(),
  files: z.array(z.string()),
  seconds: z.record(z.string(), z.number()),
  engine: z.string(),
  normalize: z.string(),
  warnings: z.array(z.string()),
  replayed: z.number().optional(),
})
export type RunResult = z.infer<typeof runResult>

/** The stages of a run, in order, with what people call them. */
export const stageNames = {
  import: 'Import and clean up',
  latency: 'Measure the latency table',
  sensitivity: 'Measure sensitivities',
  goal: 'Find the latency that the accuracy allows',
  search: 'Search the ratios',
  choose: 'Measure the front',
  refine: 'Fine-tune the best briefly',
  method: 'Prune by the method',
  finetune: 'Fine-tune',
  export: 'Export',
  verify: 'Verify',
} as const
export const stageName = z.enum(Object.keys(stageNames) as [keyof typeof stageNames, ...(keyof typeof stageNames)[]])
export type StageName = z.infer<typeof stageName>

const onlyOfSearches: readonly StageName[] = ['latency', 'sensitivity', 'search', 'choose', 'refine']

/** The stages that a run goes through, in order: a method of its own has no search, and few searches have a goal. */
export function stagesOf({
  method,
  accuracy,
  methodOptions,
}: Pick<RunRequest, 'method' | 'accuracy' | 'methodOptions'>): StageName[] {
  const searches = searchMethod.safeParse(method).success
  const scheduled = (methodOptions?.['schedule'] ?? 'none') !== 'none'
  const left = new Set<StageName>(searches ? (scheduled ? [] : ['method']) : onlyOfSearches)
  if (!searches || accuracy === undefined) left.add('goal')
  return stageName.options.filter((name) => !left.has(name))
}
