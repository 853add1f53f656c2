import { z } from 'zod'

/** What a field that names files is: a path, or an address with a path in it. */
export type PathUse = 'path' | 'data' | 'device'
/** The fields whose paths windows replace by ids (files.ts); every field that names a file is one of these. */
export const pathFields = z.registry<{ readonly use: PathUse }>()

/** Options that several calls share, named as on the command line. */
export const modelPath = z.string().min(1).describe('path of a .onnx file').register(pathFields, { use: 'path' })
export const planPath = z.string().min(1).describe('path of a plan').register(pathFields, { use: 'path' })
export const outPath = z.string().min(1).describe('path of what is made').register(pathFields, { use: 'path' })
export const projectFolder = z.string().min(1).describe("a run's folder").register(pathFields, { use: 'path' })
export const dataAddress = z
  .string()
  .min(1)
  .describe('sample | cifar10:DIR | cifar100:DIR | images:DIR')
  .register(pathFields, { use: 'data' })
export const deviceAddress = z
  .string()
  .min(1)
  .describe('local | ssh://user@host | serial:PORT | a saved name | …')
  .register(pathFields, { use: 'device' })
export const engineName = z.enum(['tensorflow', 'wasm'])
export const precisionName = z.enum(['float32', 'bfloat16'])
export const precision = precisionName
  .optional()
  .describe('of activations while training; the fastest the processor has')
export const normalize = z.string().describe('imagenet | cifar10 | unit | half | MEAN/STD')
export const inputSize = z
  .string()
  .optional()
  .describe('sizes the file leaves open of its first input, behind the batch: 3x320x320')
export const seed = z.number().int().nonnegative()

export const criterion = z.string().default('l1').describe('l1 | l2 | fpgm | bn | taylor | activation | random')
export const nextLayer = z.boolean().default(false).describe('weights of the layers that read a channel count too')

export const holdout = dataAddress
  .optional()
  .describe('images the network has not seen: candidates are scored on its test split')
export const streams = z.boolean().default(false).describe('residual streams too')
export const exclude = z.array(z.string()).default([]).describe('groups or layers to leave whole')

export const normPolicy = z
  .enum(['keep', 'reinsert'])
  .describe('layers without BN: leave them, or put BN back while working (when fewer than half have one)')

/** Fractions of the original, each in (0, 1]. */
export const budgetSchema = z.object({
  latency: z.number().positive().max(1).optional(),
  macs: z.number().positive().max(1).optional(),
  params: z.number().positive().max(1).optional(),
  bytes: z.number().positive().max(1).optional(),
  percentile: z
    .number()
    .min(50)
    .max(99.9)
    .optional()
    .describe('of single inferences, for latency; the median if absent'),
})
export type Budget = z.infer<typeof budgetSchema>

const proxyCheck = z.object({
  plans: z.number().describe('scored both ways'),
  spearman: z.number().nullable().describe('null where there is nothing to rank'),
})

/** How well the cheaper scores rank plans as the dearer ones do. */
export const fidelity = z.object({
  fewImages: proxyCheck
    .extend({ dropped: z.number().describe('plans that lost their race on the few images') })
    .describe('divergence on a few images against that on all'),
  refined: z
    .object({ fitness: proxyCheck, fewImages: proxyCheck })
    .describe('either against the divergence after a short fine-tuning'),
})

export const searchMethod = z.enum(['igwo', 'gwo', 'abc', 'de', 'knapsack', 'netadapt', 'random', 'uniform'])

/** What `run` can prune by: searches, and the published procedures that are none. */
export const runMethod = z.enum([
  ...searchMethod.options,
  ...(['l1', 'fpgm', 'sfp', 'asfp', 'srfp', 'asrfp', 'hfp', 'ghfp', 'taylor-bn', 'slimming', 'ista', 'ucp'] as const),
])

/** What papers trained with; see program/published-recipes. */
export const recipeName = z.enum([
  ...(['resnet', 'densenet', 'slimming', 'sfp', 'ghfp', 'ucp', 'abcpruner', 'ista'] as const),
  ...(['sfp-ilsvrc', 'ucp-ilsvrc'] as const),
])
export type RecipeName = z.infer<typeof recipeName>
