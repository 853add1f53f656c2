import { mkdir, readdir, readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import type { DeviceKey } from '../contract'
import type { Network } from '../core/graph/network'
import type { LatencyMeasurement, LatencyOracle, Widths } from '../core/ports'
import { planKey } from '../core/search/archive'
import { writeAtomically } from '../formats/onnx/files'
import { hashBytes } from '../projects/provenance'
import type { Effort } from './oracle'

const entry = z.object({
  format: z.literal('lupine-latency-points'),
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
    private readonly options: { readonly folder?: string; readonly fresh?: boolean } = {},
  ) {}

  async measure(variants: readonly Widths[], repetition = 0, among = variants.length): Promise<LatencyMeasurement[]> {
    const points = (this.points ??= this.options.fresh ? new Map<string, LatencyMeasurement>() : await this.load())
    const name = (widths: Widths): string => `${planKey(widths)}#${repetition}`
    const missing = variants.filter((widths) => !points.has(name(widths)))
    if (missing.length > 0) {
      const values = await this.inner.measure(missing, repetition, among)
      missing.forEach((widths, i) => points.set(name(widths), values[i]!))
      const found = missing.map((widths, i) => ({ plan: planKey(widths), repetition, measurement: values[i]! }))
      await this.save({ format: 'lupine-latency-points', version: 1, key: this.key, time: Date.now(), points: found })
    }
    this.measured += missing.length
    this.known += variants.length - missing.length
    return variants.map((widths) => points.get(name(widths))!)
  }

  private get folder(): string {
    return join(this.options.folder ?? tableFolder(), this.key)
  }

  private async load(): Promise<Map<string, LatencyMeasurement>> {
    const names = await readdir(this.folder).catch(() => [] as string[])
    const entries: Entry[] = []
    for (const name of names) {
      const text = await readFile(join(this.folder, name), 'utf8').catch(() => '')
      if (name !== `${hashBytes(text)}.json`) continue
      const parsed = entry.safeParse(json(text))
      if (parsed.success && parsed.data.key === this.key) entries.push(parsed.data)
    }
    // The newest measurement of a point counts.
    entries.sort((a, b) => a.time - b.time)
    return new Map(
      entries.flatMap(({ points }) =>
        points.map(({ plan, repetition, measurement }) => [`${plan}#${repetition}`, measurement as LatencyMeasurement]),
      ),
    )
  }

  /** A cache that cannot be written costs the next one time, not this one its result. */
  private async save(content: Entry): Promise<void> {
    const text = JSON.stringify(content)
    await mkdir(this.folder, { recursive: true })
      .then(() => writeAtomically(join(this.folder, `${hashBytes(text)}.json`), text))
      .catch(() => undefined)
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
