import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Cancellation, LatencyMeasurement, LatencyOracle, Widths } from '../core/ports'
import { planKey } from '../core/search/archive'
import type { Coupling } from '../core/coupling/groups'
import { networkCost } from '../core/graph/cost'
import { pruneSubject, type Subject } from '../core/pruning/subject'
import { saveOnnx, writeAtomically } from '../formats/onnx/files'
import type { Device, MeasureOptions } from './device'
import { ratiosAt } from './measuring/summary'

/** Fresh processes, rounds in each, ms per sample. */
export type Effort = Pick<MeasureOptions, 'processes' | 'rounds' | 'slice'>

export interface OracleOptions {
  readonly device: Device
  readonly subject: Subject
  /** Where raw samples are kept, one file per call. */
  readonly measurements?: string
  readonly seed: number
  /** Ratios of this percentile of single inferences instead of medians. */
  readonly percentile?: number
  /** How precisely; when absent, less per network the more there are. */
  readonly effort?: Effort
  readonly cancellation: Cancellation & { readonly signal: AbortSignal }
  onProgress?(done: number, total: number): void
}

/** Models timed together: enough for a table, few enough to stay in memory. */
const perSession = 96

/** How precisely: a table of many points needs less per point than the few that decide. */
const effortFor = (count: number): Effort =>
  count > 8 ? { processes: 2, rounds: 10, slice: 6 } : { processes: 3, rounds: 15, slice: 12 }

/** A percentile is known by what lies beyond it: so many inferences at least. */
const beyond = 6

/** Single inferences, as many as the percentile needs. */
export function tailEffort(percentile: number): Effort {
  const processes = 3
  return { processes, rounds: Math.max(40, Math.ceil(beyond / (1 - percentile / 100))), slice: 0 }
}

/** core's LatencyOracle: prunes the subject, writes the variants, and measures them against the unpruned original. */
export class DeviceOracle implements LatencyOracle {
  private calls = 0

  constructor(private readonly options: OracleOptions) {}

  async measure(variants: readonly Widths[], repetition = 0, among = variants.length): Promise<LatencyMeasurement[]> {
    const { percentile } = this.options
    const effort = this.options.effort ?? (percentile === undefined ? effortFor(among) : tailEffort(percentile))
    const results: LatencyMeasurement[] = []
    const { device, subject } = this.options
    const room = (await device.together?.(networkCost(subject.network).weightBytes)) ?? Infinity
    // The sentinel is one of them.
    const most = Math.max(1, Math.min(perSession, room - 1))
    for (let from = 0; from < variants.length; from += most) {
      const chunk = variants.slice(from, from + most)
      results.push(
        ...(await this.measureChunk(chunk, repetition, effort, (done, total) =>
          this.options.onProgress?.(from + (done / total) * chunk.length, variants.length),
        )),
      )
    }
    return results
  }

  private async measureChunk(
    variants: readonly Widths[],
    repetition: number,
    effort: Effort,
    onProgress: (done: number, total: number) => void,
  ): Promise<LatencyMeasurement[]> {
    const { device, subject, cancellation } = this.options
    const folder = await mkdtemp(join(tmpdir(), 'lupine-measure-'))
    try {
      const files: string[] = []
      for (const [i, widths] of [{}, ...variants].entries()) {
        cancellation.throwIfAborted()
        files.push(join(folder, `${i}.onnx`))
        await saveOnnx(files[i]!, pruneSubject(subject, widths))
      }
      const call = this.calls++
      const raw = await device.measure(files, inputShape(subject.coupling), {
        ...effort,
        seed: this.options.seed + repetition * 1000,
        names: [{}, ...variants].map(planKey),
        cancellation,
        onProgress,
      })
      if (this.options.measurements) {
        const name = `${String(call).padStart(4, '0')}-${Date.now()}.json`
        await writeAtomically(
          join(this.options.measurements, name),
          JSON.stringify({ ...raw, models: [{}, ...variants] }),
        )
      }
      return ratiosAt(raw, this.options.percentile).slice(1)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }
}

/** One input of the network, of the sizes that its costs are counted at: the batch becomes 1. */
export function inputShape({ network, shapes }: Pick<Coupling, 'network' | 'shapes'>): number[] {
  const [input] = network.inputs
  return (shapes.get(input?.name ?? '') ?? [1]).map((dim) => (typeof dim === 'number' ? dim : 1))
}
