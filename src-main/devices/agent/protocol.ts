import { z } from 'zod'

/** The version of the lines between host and agent; both sides come from the same Lupine, so they are equal. */
export const protocol = 1

/** Longest line either side accepts, bytes. */
export const longestLine = 4 << 20

const refusal = z.object({
  code: z.string(),
  message: z.string().default(''),
  signal: z.number().optional(),
  tail: z.string().optional(),
})
export type Refusal = z.infer<typeof refusal>

/** The agent's first line, and the only one of `install` and `receive`. */
export const hello = z.object({
  lupine: z.number(),
  sha256: z.string().optional(),
  python: z.string().optional(),
  result: z.unknown().optional(),
  error: refusal.optional(),
})
export type Hello = z.infer<typeof hello>

export const answer = z.object({
  id: z.number().nullable(),
  result: z.unknown().optional(),
  error: refusal.optional(),
  progress: z.record(z.string(), z.unknown()).optional(),
})

const size = z.number().nonnegative()
const policy = z.object({
  cpus: z.string().nullable(),
  governor: z.string().nullable(),
  kHz: z.number().nullable(),
  minKHz: z.number().nullable(),
  maxKHz: z.number().nullable(),
})

/** What changes on a board: clocks, temperatures, throttling. */
export const boardState = z.object({
  load: z.number(),
  availableMemory: size,
  policies: z.array(policy),
  thermal: z.array(z.object({ type: z.string(), celsius: z.number() })),
  throttled: z.number().optional().describe("the Pi's get_throttled: bits 0-3 now, 16-19 since it was started"),
  undervoltage: z.boolean().optional(),
})
export type BoardState = z.infer<typeof boardState>

/** What a board is, as its agent found it. Judged by judge.ts. */
export const boardFacts = z.object({
  model: z.string(),
  hostname: z.string(),
  arch: z.string(),
  bits: z.number(),
  byteOrder: z.string(),
  kernel: z.string(),
  python: z.string(),
  os: z.object({ id: z.string(), name: z.string(), version: z.string() }),
  libc: z.object({ name: z.string(), version: z.string() }),
  libstdcxx: z.string().nullable().describe('the newest GLIBCXX it has'),
  cores: z.array(z.object({ part: z.string(), implementer: z.string(), maxKHz: z.number().nullable() })).max(4096),
  usable: z.number().int().positive(),
  memory: z.object({ total: size, available: size }).describe('bytes'),
  disk: z.object({ folder: z.string(), free: size }),
  jetson: z.object({ release: z.string(), powerMode: z.string().nullable() }).nullable(),
  runtimes: z.record(z.string(), z.string()),
  own: z.object({ path: z.string(), version: z.string() }).nullable().describe("the board's own onnxruntime"),
  state: boardState,
})
export type BoardFacts = z.infer<typeof boardFacts>

const times = z.array(z.number().nonnegative().max(1e9))

/** One process of a measurement. */
export const measured = z.object({
  version: z.string(),
  samples: z.array(times),
  sentinel: times,
  finite: z.array(z.boolean()),
  seconds: z.object({ loading: size, measuring: size }).optional(),
  before: boardState,
  after: boardState,
})
export type Measured = z.infer<typeof measured>

export const layered = z.object({
  layers: z.array(z.object({ name: z.string(), op: z.string(), median: z.number().nonnegative() })).max(100_000),
})

/** Long text: no single string of an answer is long. */
const pieces = z.array(z.string()).transform((parts) => parts.join(''))

/** Outputs of one inference; `data` deflated, in base64. */
export const forwarded = z.object({
  version: z.string(),
  outputs: z.array(z.object({ name: z.string(), shape: z.array(size.int()), data: pieces })).max(1000),
})

/** A runtime's own program, and the files that it wrote. */
export const toolRun = z.object({ code: z.number(), said: pieces, files: z.record(z.string(), pieces) })
export const kept = z.object({ kept: z.array(z.boolean()) })

export const installed = z.object({ path: z.string() })
export const sizes = z.object({ sizes: z.array(z.number()) })
export const verified = z.object({ good: z.boolean() })
export const nothing = z.object({})
