import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { DeviceKey } from '../contract'
import { fail } from '../core/failure'
import { planKey } from '../core/search/archive'
import { median } from '../core/statistics/robust'
import type { LatencyMeasurement } from '../core/ports'
import { keptPoints } from './point-cache'
import type { Device, LayerTime, MeasureOptions, RawMeasurement } from './device'

const key = z.object({
  ...{ address: z.string(), board: z.string(), runtime: z.string(), version: z.string(), provider: z.string() },
  ...{ precision: z.string(), batch: z.number(), threads: z.number(), powerMode: z.string(), machine: z.string() },
})

/** A file of a run's measurements/: what was measured, by widths or by name, and its raw samples. */
const recording = z.object({
  device: key,
  models: z.array(z.union([z.string(), z.record(z.string(), z.number())])),
  processes: z
    .array(z.object({ samples: z.array(z.array(z.number().positive()).min(1)), sentinel: z.array(z.number()) }))
    .min(1),
})
type Recording = z.infer<typeof recording>

const layerList = z.array(z.object({ name: z.string(), op: z.string(), median: z.number() }))
/** measurements/layers.json: times of the kernels of the run's two networks. */
const layerRecording = z.object({ original: layerList, result: layerList })

/** One model of a recording. */
interface Entry {
  readonly from: Recording
  readonly model: number
}

/**
 * A device that is only its past: answers with what a run's `measurements/` holds. Plans are told apart by their widths;
 * one that was measured several times answers with its recordings in turn, the last again and again.
 */
export class ReplayDevice implements Device {
  private entries: Promise<Map<string, Entry[]>> | undefined
  private readonly asked = new Map<string, number>()

  constructor(
    readonly address: string,
    private readonly folder: string,
  ) {}

  async key(): Promise<DeviceKey> {
    for (const list of (await this.recorded()).values()) return { ...list[0]!.from.device, address: this.address }
    throw this.empty()
  }

  async measure(
    models: readonly string[],
    _shape: readonly number[],
    options: MeasureOptions,
  ): Promise<RawMeasurement> {
    const recorded = await this.recorded()
    const device = await this.key()
    const chosen = models.map((model, i): Entry => {
      const name = options.names?.[i]
      const list = recorded.get(name ?? '')
      if (!list) throw this.missing(name ?? model)
      const turn = this.asked.get(name!) ?? 0
      // The sentinel is in every recording: it does not wear out.
      if (i > 0) this.asked.set(name!, turn + 1)
      return list[Math.min(turn, list.length - 1)]!
    })
    const [sentinel, first] = chosen
    if (
      first &&
      first.from.models[0] !== undefined &&
      nameOf(first.from.models[0]) === nameOf(sentinel!.from.models[0]!)
    )
      chosen[0] = { from: first.from, model: 0 }
    options.onProgress?.(1, 1)
    return { device, models, processes: together(chosen), discarded: 0, state: { before: {}, after: {} } }
  }

  /** Points of latency tables that the recorded run had from the user's cache. */
  async points(): Promise<Map<string, LatencyMeasurement>> {
    const [inside, itself] = await Promise.all([keptPoints(join(this.folder, 'measurements')), keptPoints(this.folder)])
    return new Map([...itself, ...inside])
  }

  /** Only of the original and the result of the run, which is what a run profiles. */
  async layers(_model: string, _shape: readonly number[], _runs: number, name = ''): Promise<LayerTime[]> {
    for (const folder of [join(this.folder, 'measurements'), this.folder]) {
      const text = await readFile(join(folder, 'layers.json'), 'utf8').catch(() => '{}')
      const kept = layerRecording.safeParse(jsonOf(text)).data?.[name as 'original' | 'result']
      if (kept) return kept
    }
    throw fail(
      'device',
      'replay-layers',
      `${this.address} holds no times of the layers of ${name || 'this model'}.`,
      'Use the device itself.',
    )
  }

  private recorded(): Promise<Map<string, Entry[]>> {
    return (this.entries ??= this.load())
  }

  private async load(): Promise<Map<string, Entry[]>> {
    const inside = join(this.folder, 'measurements')
    const names = await readdir(inside)
      .then(
        (list) => list.map((name) => join(inside, name)),
        () => readdir(this.folder).then((list) => list.map((name) => join(this.folder, name))),
      )
      .catch((error: unknown) => {
        const message = `${this.address}: there is no folder ${this.folder}.`
        throw fail('device', 'replay-missing', message, 'Give the folder of a run, or its measurements folder.', error)
      })
    const entries = new Map<string, Entry[]>()
    for (const path of inOrder(names)) {
      const from = await readRecording(path)
      from?.models.forEach((model, i) => {
        const name = nameOf(model)
        entries.set(name, [...(entries.get(name) ?? []), { from, model: i }])
      })
    }
    if (entries.size === 0) throw this.empty()
    return entries
  }

  private empty = () =>
    fail(
      'device',
      'replay-empty',
      `${this.address} holds no measurement that could be read.`,
      'Give the folder of a run that has measured.',
    )

  private missing = (what: string) =>
    fail(
      'device',
      'replay-missing',
      `${this.address} holds no measurement of ${what}.`,
      'Replay the same command with the same seed, or use the device itself.',
    )
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const nameOf = (model: Recording['models'][number]): string => (typeof model === 'string' ? model : planKey(model))

/** Files as they were written: call-time.json by time (calls count anew after a resume), what has no time last. */
function inOrder(paths: readonly string[]): string[] {
  const time = (path: string): number => Number(/-(\d+)\.json$/.exec(path)?.[1] ?? Infinity)
  return paths
    .filter((path) => path.endsWith('.json'))
    .sort((a, b) => (time(a) < time(b) || (time(a) === time(b) && a < b) ? -1 : 1))
}

/** A recording, or undefined where the file is another or damaged: it is passed over. */
async function readRecording(path: string): Promise<Recording | undefined> {
  try {
    const parsed = recording.safeParse(JSON.parse(await readFile(path, 'utf8')))
    if (!parsed.success) return undefined
    const { models, processes } = parsed.data
    const whole = processes.every(
      ({ samples }) => samples.length === models.length && samples.every(({ length }) => length === samples[0]!.length),
    )
    return whole ? parsed.data : undefined
  } catch {
    return undefined
  }
}

/**
 * Entries of several recordings as if measured side by side: each brings its ratios to its own sentinel, round by
 * round, and takes them to the first one's. Entries of one recording come out as they went in.
 */
function together(entries: readonly Entry[]): RawMeasurement['processes'] {
  const [first] = entries
  const processes = Math.min(...entries.map(({ from }) => from.processes.length))
  return Array.from({ length: processes }, (_, p) => {
    const rounds = Math.min(...entries.map(({ from }) => from.processes[p]!.samples[0]!.length))
    const own = first!.from.processes[p]!
    const sentinel = median(own.samples[0]!)
    const samples = entries.map(({ from, model }) => {
      const { samples: theirs } = from.processes[p]!
      if (from === first!.from) return theirs[model]!.slice(0, rounds)
      const base = theirs[0]!
      return theirs[model]!.slice(0, rounds).map(
        (ms, round) => (ms / base[round]!) * (own.samples[0]![round] ?? sentinel),
      )
    })
    return { samples, sentinel: own.sentinel }
  })
}
