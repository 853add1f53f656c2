import { readdir, readFile, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { median } from '../../core/statistics/robust'
import { createSession, floatTensor } from './runtime'

export interface LayersRequest {
  readonly model: string
  readonly shape: readonly number[]
  readonly threads: number
  readonly runs: number
  /** Prefix of the profile file onnxruntime writes; removed after reading. */
  readonly prefix: string
}

export interface LayerTime {
  readonly name: string
  readonly op: string
  /** ms */
  readonly median: number
}

interface TraceEvent {
  readonly cat?: string
  readonly name?: string
  /** µs */
  readonly dur?: number
  readonly args?: Record<string, string>
}

/**
 * Time per node from onnxruntime's profiler (Chrome trace events; only `_kernel_time` ones count). The profiler
 * disturbs what it measures: never mixed with the timing run, and the sum is not the end-to-end time.
 */
export async function profileLayers(request: LayersRequest): Promise<LayerTime[]> {
  const session = await createSession(request.model, request.threads, request.model, {
    enableProfiling: true,
    profileFilePrefix: request.prefix,
  })
  const size = request.shape.reduce((a, b) => a * b, 1)
  const input = floatTensor(
    Float32Array.from({ length: size }, (_, i) => Math.sin(i)),
    request.shape,
  )
  const warmup = 5
  for (let i = 0; i < request.runs + warmup; i++) await session.run({ [session.inputNames[0]!]: input })
  session.endProfiling()
  await session.release()
  const file = await newestProfile(request.prefix)
  const events = JSON.parse(await readFile(file, 'utf8')) as TraceEvent[]
  await rm(file, { force: true })
  const times = new Map<string, { op: string; ms: number[] }>()
  for (const event of events) {
    if (event.cat !== 'Node' || !event.name?.endsWith('_kernel_time')) continue
    const name = event.name.slice(0, -'_kernel_time'.length)
    const entry = times.get(name) ?? { op: event.args?.['op_name'] ?? '', ms: [] }
    entry.ms.push((event.dur ?? 0) / 1000)
    times.set(name, entry)
  }
  return [...times].map(([name, { op, ms }]) => ({ name, op, median: median(ms.slice(warmup)) }))
}

async function newestProfile(prefix: string): Promise<string> {
  const names = (await readdir(dirname(prefix))).filter(
    (name) => name.startsWith(basename(prefix)) && name.endsWith('.json'),
  )
  return join(dirname(prefix), names.sort().at(-1)!)
}
