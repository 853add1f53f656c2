import { z } from 'zod'
import { unreadable } from './unreadable'

const ms = z.number().nonnegative()
const times = z.array(
  z.looseObject({
    computeMs: ms,
    latencyMs: ms,
    h2dMs: ms.optional(),
    d2hMs: ms.optional(),
    startEnqMs: ms.optional(),
    endEnqMs: ms.optional(),
  }),
)
const profiled = z.looseObject({
  name: z.string(),
  timeMs: ms.optional(),
  averageMs: ms.optional(),
  medianMs: ms.optional(),
})
const profile = z.array(z.union([z.looseObject({ count: z.number().positive() }), profiled]))
const layerInfo = z.looseObject({
  Layers: z.array(z.union([z.string(), z.looseObject({ Name: z.string(), LayerType: z.string().optional() })])),
})

/** Samples of each inference, ms; warnings that a person should see. */
export interface TrtTimes {
  readonly compute: readonly number[]
  readonly latency: readonly number[]
  readonly warnings: readonly string[]
}

/** Above this trtexec itself calls the GPU's compute time unstable. */
const steadiest = 0.025

/** `--exportTimes`. @throws LupineError device 'runtime-output' */
export function readTimes(text: string): TrtTimes {
  const rows = parse(text, times, 'the times it exported')
  if (rows.length === 0) throw unreadable('trtexec', 'the times it exported are none')
  const column = (of: (row: (typeof rows)[0]) => number | undefined): number[] =>
    rows.flatMap((row) => of(row) ?? []).sort((a, b) => a - b)
  const middle = (values: readonly number[]): number => values[values.length >> 1] ?? 0
  const compute = rows.map(({ computeMs }) => computeMs)
  const typical = middle(column(({ computeMs }) => computeMs))
  const enqueue = middle(
    column((r) => (r.startEnqMs !== undefined && r.endEnqMs !== undefined ? r.endEnqMs - r.startEnqMs : undefined)),
  )
  const moved = Math.max(middle(column(({ h2dMs }) => h2dMs)), middle(column(({ d2hMs }) => d2hMs)))
  const mean = compute.reduce((a, b) => a + b, 0) / compute.length
  const spread = Math.sqrt(compute.reduce((sum, value) => sum + (value - mean) ** 2, 0) / compute.length)
  const warnings: string[] = []
  if (enqueue > 0.8 * typical) warnings.push('bound by enqueue time: the processor cannot keep the GPU busy')
  if (moved >= typical) warnings.push('copying takes as long as computing')
  if (mean > 0 && spread / mean > steadiest) warnings.push('GPU compute time is unstable: lock its clock')
  return { compute, latency: rows.map(({ latencyMs }) => latencyMs), warnings }
}

export interface TrtLayer {
  readonly name: string
  /** ms of one inference */
  readonly time: number
}

/** `--exportProfile`: its first element only counts; `timeMs` is a total; 8.2 has no medians. @throws as readTimes */
export function readProfile(text: string): TrtLayer[] {
  const rows = parse(text, profile, 'the profile it exported')
  const count = rows.flatMap((row) => ('count' in row && typeof row['count'] === 'number' ? row['count'] : []))[0]
  return rows.flatMap((row) => {
    const layer = profiled.safeParse(row).data
    if (!layer) return []
    const time =
      layer.medianMs ?? layer.averageMs ?? (count && layer.timeMs !== undefined ? layer.timeMs / count : undefined)
    if (time === undefined) throw unreadable('trtexec', `the layer ${layer.name} of its profile has no time`)
    return [{ name: layer.name, time }]
  })
}

/** `--exportLayerInfo`: with low verbosity layers are their names only. @throws as readTimes */
export const readLayerInfo = (text: string): { name: string; type: string }[] =>
  parse(text, layerInfo, 'the layers it exported').Layers.map((layer) =>
    typeof layer === 'string' ? { name: layer, type: '' } : { name: layer.Name, type: layer.LayerType ?? '' },
  )

function parse<S extends z.ZodType>(text: string, schema: S, what: string): z.infer<S> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw unreadable('trtexec', `${what} are no JSON`, error)
  }
  const read = schema.safeParse(value)
  if (read.success) return read.data
  const [issue] = read.error.issues
  throw unreadable('trtexec', `${what} are of another form (${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''})`)
}
