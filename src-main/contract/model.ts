import { z } from 'zod'
import {
  criterion,
  dataAddress,
  engineName,
  exclude,
  inputSize,
  modelPath,
  nextLayer,
  normalize,
  outPath,
  planPath,
  seed,
  streams,
} from './options'

const valueInfo = z.object({ name: z.string(), shape: z.array(z.union([z.number(), z.string()])) })

export const groupSchema = z.object({
  id: z.string(),
  channels: z.number(),
  prunable: z.boolean(),
  why: z.string().optional(),
  stream: z.boolean().optional().describe('a residual stream: pruned only when asked for'),
  layers: z.array(z.string()),
})

const indices = z.array(z.number())

/** As core/coupling/outline.ts has it. */
const graphNode = z.object({
  name: z.string(),
  layer: z.string().describe("its weight's name without .weight, else the node's"),
  op: z.string(),
  kind: z.enum(['input', 'output', 'op', 'opaque']),
  shape: z.array(z.union([z.number(), z.string()])).describe('of its first output'),
  macs: z.number(),
  params: z.number(),
  makes: indices.describe('groups whose channels its outputs carry, as indices of groups'),
  reads: indices.describe('groups that its weights are cut along as channels arrive'),
  blocks: indices.optional().describe('of opaque nodes: groups that cannot be pruned because of it'),
})
export type GraphNode = z.infer<typeof graphNode>

export const inspect = {
  request: z.object({
    model: modelPath,
    input: inputSize,
    graph: z.boolean().default(false).describe('the nodes and edges too'),
  }),
  result: z.object({
    format: z.string(),
    producer: z.string(),
    opset: z.number(),
    inputs: z.array(
      valueInfo.extend({
        assumed: z.array(z.number()).optional().describe('where the file leaves sizes open: what costs are counted at'),
      }),
    ),
    outputs: z.array(valueInfo),
    nodes: z.number(),
    opaque: z.array(z.object({ op: z.string(), name: z.string() })),
    macs: z.number().describe('multiply-accumulates for one input'),
    params: z.number(),
    bytes: z.number().describe('of the file'),
    peakActivationBytes: z.number().describe('largest sum of live activations during one inference, float32'),
    groups: z.array(groupSchema),
    graph: z
      .object({
        nodes: z.array(graphNode).describe('inputs, then nodes in topological order, then outputs'),
        edges: z.array(z.tuple([z.number(), z.number()])).describe('from and to, as indices of nodes'),
      })
      .optional(),
  }),
}

export const check = {
  request: z.object({ model: modelPath, input: inputSize, engine: engineName.optional() }),
  result: z.object({
    engine: z.string(),
    nodes: z.object({ run: z.number(), opaque: z.number() }),
    maxAbsDiff: z.number(),
    outputRange: z.number(),
    maxRelDiff: z.number().describe('maxAbsDiff over outputRange'),
    samples: z.number(),
    outputs: z
      .array(z.object({ name: z.string(), maxAbsDiff: z.number(), outputRange: z.number(), maxRelDiff: z.number() }))
      .describe(
        'every output, and every tensor at which the engine had to stop; the figures above are the worst of them',
      ),
    opaque: z
      .array(z.object({ name: z.string(), op: z.string(), why: z.string() }))
      .describe('nodes that the engine did not run'),
    half: z
      .union([
        z.object({ maxAbsDiff: z.number(), outputRange: z.number(), maxRelDiff: z.number(), agrees: z.boolean() }),
        z.object({ refused: z.string() }),
      ])
      .optional()
      .describe('only for files in half precision: against onnxruntime on the file itself, or why it does not run it'),
  }),
}

export const create = {
  request: z.object({
    name: z.string(),
    classes: z.number().int().positive(),
    input: z.string().describe('CHANNELSxHEIGHTxWIDTH'),
    seed: z.number().default(0),
    out: outPath,
  }),
  result: z.object({ macs: z.number(), params: z.number(), files: z.array(z.string()) }),
}

const beforeAfter = z.object({ before: z.number(), after: z.number() })

export const prune = {
  request: z.object({
    model: modelPath,
    input: inputSize,
    keep: z.number().positive().max(1).optional(),
    plan: planPath.optional(),
    criterion,
    nextLayer,
    data: dataAddress.optional().describe('for criteria that look at data'),
    normalize: normalize.optional(),
    engine: engineName.optional().describe('for Taylor scores'),
    round: z.number().int().positive().default(1),
    exclude,
    streams,
    force: z.boolean().default(false).describe('apply a plan to another file than it was made for'),
    out: outPath,
    planOut: outPath.optional(),
    seed: seed.default(0),
  }),
  result: z.object({
    groups: z.array(z.object({ id: z.string(), before: z.number(), after: z.number() })),
    channels: beforeAfter,
    macs: beforeAfter,
    params: beforeAfter,
    equivalence: z.object({ maxAbsDiff: z.number(), outputRange: z.number() }),
    files: z.array(z.string()),
    warnings: z.array(z.string()),
  }),
}

/** What `run --method` knows, for help and the window. */
export const methods = {
  request: z.object({ name: z.string().optional().describe('only this one') }),
  result: z.object({
    methods: z.array(
      z.object({
        name: z.string(),
        about: z.string(),
        targets: z.array(z.string()),
        targetOptional: z.boolean(),
        because: z.string().optional().describe('why it takes no other kind of target'),
        trains: z.boolean(),
        options: z.array(
          z.object({
            name: z.string(),
            about: z.string(),
            value: z.union([z.number(), z.string(), z.boolean()]),
            choices: z.array(z.string()).optional(),
          }),
        ),
      }),
    ),
  }),
}
