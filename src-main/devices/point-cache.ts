import { mkdir, readdir, readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'
import { z } from 'zod'
import type { DeviceKey } from '../contract'
import type { Network } from '../core/graph/network'
import type { LatencyMeasurement, LatencyOracle, Widths } from '../core/ports'
import { planKey } from '../core/search/archive'
import { writeAtomically } from '../formats/onnx/files'
import { hashBytes } from '../projects/provenance'
import type { Effort } from './oracle'

const format = 'lupine-latency-points'
const entry = z.object({
  format: z.literal(format),
  version: z.literal(1),
  key: z.string(),
  time: z.number(),
  points: z.array(
    z.object({
      plan: z.string(),
      repetition: z.number().int(),
      measurement: z.object({
        ratio: z.number().positive(),
        median: z.number().positive(),
        mad: z.number().nonnegative(),
        samples: z.number().int().positive().optional(),
      }),
    }),
  ),
})
type Entry = z.infer<typeof entry>

/** Where tables are kept for all projects of this user. */
export const tableFolder = (): string =>
  join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'lupine', 'latency')

/**
 * What a table's points are of: the device without its address (the same board by another name is the same), the
 * structure of the network (latency depends on shapes, not on weights), and how precisely was measured.
 */
export function pointsKey({ address: _address, ...device }: DeviceKey, network: Network, effort: Effort): string {
  const nodes = network.nodes.map(({ op, domain, inputs, outputs, attributes }) => [
    ...[op, domain, inputs, outputs],
    JSON.stringify(attributes, (_key, value: unknown) => (ArrayBuffer.isView(value) ? 'data' : value)),
  ])
  const constants = [...network.initializers].map(([name, { type, shape, data }]) => [
    ...[name, type, shape],
    type.startsWith('int') && data.length <= 64 ? Array.from(data) : '',
  ])
  const inputs = network.inputs.map(({ name, shape }) => [name, shape])
  return hashBytes(JSON.stringify({ device, opset: network.opset, inputs, nodes, constants, effort }))
}

export interface CacheOptions {
  /** `tableFolder()` when absent. */
  readonly folder?: string
  /** Nothing is taken from the cache; what is measured joins it. */
  readonly fresh?: boolean
  /** A folder that points taken from the cache are copied into, so that it is complete without it. */
  readonly keep?: string
  /** These instead of the cache, which is left alone. */
  readonly only?: ReadonlyMap<string, LatencyMeasurement>
}

/**
 * An oracle that remembers: points measured once for a key are read from the user's cache by whoever asks next. Files
 * are named by the hash of their content; what does not match its name, or is no such file, is passed over.
 */
export class CachedOracle implements LatencyOracle {
  /** Networks the device measured, and networks the cache knew. */
  measured = 0
  known = 0
  private points: Map<string, LatencyMeasurement> | undefined

  constructor(
    private readonly inner: LatencyOracle,
    private readonly key: string,
    private readonly options: CacheOptions = {},
  ) {}

  async measure(variants: readonly Widths[], repetition = 0, among = variants.length): Promise<LatencyMeasurement[]> {
    const points = (this.points ??= await this.load())
    const name = (widths: Widths): string => pointName(planKey(widths), repetition)
    const known = variants.filter((widths) => points.has(name(widths)))
    const missing = variants.filter((widths) => !points.has(name(widths)))
    const asPoints = (list: readonly Widths[]): Entry['points'] =>
      list.map((widths) => ({ plan: planKey(widths), repetition, measurement: points.get(name(widths))! }))
    if (known.length > 0 && this.options.keep) await this.save(this.options.keep, 'points-', asPoints(known))
    if (missing.length > 0) {
      const values = await this.inner.measure(missing, repetition, among)
      missing.forEach((widths, i) => points.set(name(widths), values[i]!))
      if (!this.options.only) await this.save(this.folder, '', asPoints(missing))
    }
    this.measured += missing.length
    this.known += known.length
    return variants.map((widths) => points.get(name(widths))!)
  }

  private get folder(): string {
    return join(this.options.folder ?? tableFolder(), this.key)
  }

  private async load(): Promise<Map<string, LatencyMeasurement>> {
    const { only, fresh } = this.options
    if (only || fresh) return new Map(only)
    const named = (path: string, text: string): boolean => basename(path) === `${hashBytes(text)}.json`
    return pointsOf((await readEntries(this.folder, named)).filter(({ key }) => key === this.key))
  }

  /** A cache that cannot be written costs the next one time, not this one its result. */
  private async save(folder: string, prefix: string, points: Entry['points']): Promise<void> {
    const text = JSON.stringify({ format, version: 1, key: this.key, time: Date.now(), points } satisfies Entry)
    await mkdir(folder, { recursive: true })
      .then(() => writeAtomically(join(folder, `${prefix}${hashBytes(text)}.json`), text))
      .catch(() => undefined)
  }
}

/** The points that a project's measurements folder took from the cache, by plan and repetition. */
export const keptPoints = async (folder: string): Promise<Map<string, LatencyMeasurement>> =>
  pointsOf(await readEntries(folder, () => true))

const pointName = (plan: string, repetition: number): string => `${plan}#${repetition}`

/** The newest measurement of a point counts. */
function pointsOf(entries: readonly Entry[]): Map<string, LatencyMeasurement> {
  return new Map(
    entries
      .toSorted((a, b) => a.time - b.time)
      .flatMap(({ points }) =>
        points.map(({ plan, repetition, measurement }) => [
          pointName(plan, repetition),
          measurement as LatencyMeasurement,
        ]),
      ),
  )
}

async function readEntries(folder: string, trusted: (path: string, text: string) => boolean): Promise<Entry[]> {
  const names = await readdir(folder).catch(() => [] as string[])
  const entries: Entry[] = []
  for (const name of names.filter((file) => file.endsWith('.json'))) {
    const text = await readFile(join(folder, name), 'utf8').catch(() => '')
    const parsed = trusted(name, text) ? entry.safeParse(json(text)) : undefined
    if (parsed?.success) entries.push(parsed.data)
  }
  return entries
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
