import { setTimeout } from 'node:timers/promises'
import { inflateSync } from 'node:zlib'
import { fail, LupineError } from '../core/failure'
import type { DeviceKey } from '../contract'
import { loadOnnx, readModelBytes } from '../formats/onnx/files'
import { weightless } from '../formats/onnx/weightless'
import { hashBytes } from '../projects/provenance'
import { disturbance, powerMode } from './agent/judge'
import { forwarded, layered, longestLine, measured, type BoardState, type Measured } from './agent/protocol'
import { removeAgent } from './agent/start'
import { BoardSession, type SessionOptions } from './agent/session'
import type { Device, DeviceOutput, LayerTime, MeasureOptions, RawMeasurement } from './device'
import { QuietGate, quietProcesses } from './measuring/quiet'
import { trtexecBlock, trtexecOn } from './runtimes/board-trtexec'
import { nodesOf } from './runtimes/fused-names'
import type { TrtPrecision } from './runtimes/trtexec-flags'
import { passes } from './transports/ssh-errors'
import type { Transport } from './transports/transport'

export interface BoardOptions extends SessionOptions {
  readonly threads: number
  /** The cores to measure on, where they are not alike; all when absent. */
  readonly cores?: readonly number[] | undefined
  /** Its clocks may be pinned while it measures. */
  readonly pin?: boolean | undefined
  /** Of TensorRT. */
  readonly precision?: TrtPrecision | undefined
  /** ms: how long a throttled board cools down, the first time. */
  readonly cooling?: number
  /** ms: how long a board that went away is waited for. */
  readonly patience?: number
  /** Called after the first thing that went well. */
  readonly onUsed?: () => Promise<void>
}

/** Blocks measured again because the board throttled, before its times are taken as they are. */
const coolings = 3

/** A board that has never answered may not be there at all. */
const absent = new Set(['device-unreachable', 'device-refused', 'device-silent', 'port-missing', 'serial-silent'])

/** A board at the other end of a line, timed by its agent in processes of their own. */
export class BoardDevice implements Device {
  readonly apart = true
  readonly forward?: NonNullable<Device['forward']>
  private readonly gate = new QuietGate()
  private session: Promise<BoardSession> | undefined
  private used = false

  constructor(
    readonly address: string,
    private readonly transport: Transport,
    private readonly options: BoardOptions,
  ) {
    // trtexec tells times and no outputs.
    if (!this.tensorrt) this.forward = (...given) => this.runThere(...given)
  }

  /** The precision, where TensorRT is measured. */
  private get tensorrt(): TrtPrecision | undefined {
    return this.options.runtime === 'tensorrt' ? (this.options.precision ?? 'fp32') : undefined
  }

  private async trtVersion(session: BoardSession): Promise<string> {
    return (await trtexecOn(session, new Map(), '', this.tensorrt!).about()).version
  }

  async key(): Promise<DeviceKey> {
    const { cores, pin, threads } = this.options
    return this.steadily(async (session) => {
      const { facts } = session
      const core = facts.cores[cores?.[0] ?? 0]
      const missing = cores?.find((index) => index >= facts.cores.length)
      if (missing !== undefined) throw noCore(this.transport.place, missing, facts.cores.length)
      return {
        address: this.address,
        board: facts.model || `${core?.part ?? 'cpu'} (${facts.arch})`,
        ...(this.tensorrt
          ? { runtime: 'tensorrt', version: await this.trtVersion(session), provider: 'gpu', precision: this.tensorrt }
          : { runtime: 'onnxruntime', version: session.version, provider: 'cpu', precision: 'float32' }),
        batch: 1,
        threads: threads || cores?.length || facts.usable,
        ...(cores && { cores: cores.join(',') }),
        powerMode: pin ? 'pinned' : powerMode(facts),
        machine: `${facts.model || facts.hostname} × ${facts.cores.length}, ${facts.os.name}, Linux ${facts.kernel}`,
      }
    })
  }

  async measure(models: readonly string[], shape: readonly number[], options: MeasureOptions): Promise<RawMeasurement> {
    const { cancellation, onProgress, rounds, slice, seed } = options
    const device = await this.key()
    // Whether TensorRT reads weights that are computed is not known.
    let whole = this.tensorrt !== undefined
    let sent = await prepare(models, whole ? (bytes) => bytes : weightless)
    const states: { before: BoardState; after: BoardState }[] = []
    let hot = 0
    const oneProcess = async (index: number): Promise<RawMeasurement['processes'][number]> => {
      for (let cooling = 0; ; cooling++) {
        cancellation?.throwIfAborted()
        const done = (round: number): void =>
          onProgress?.(Math.min(index, options.processes - 1) * rounds + round, options.processes * rounds)
        const params = { models: sent.models, shape, rounds, slice, seed: seed + index }
        const block = await this.steadily((session) => {
          if (!this.tensorrt)
            return session.work(
              'measure',
              { ...params, ...this.settings },
              sent.files,
              measured,
              cancellation?.signal,
              (progress) => done(Number(progress['done']) || 0),
            )
          const more = { precision: this.tensorrt, build: index, signal: cancellation?.signal, onProgress: done }
          return trtexecBlock(session, { ...params, files: sent.files, ...more })
        }, cancellation?.signal)
        const fault = misfit(block, models.length, rounds)
        if (fault) throw strange(this.transport.place, fault)
        if (block.finite.includes(false) && !whole) {
          // Constants in place of weights overflow in some networks, and values that are no numbers may take longer.
          whole = true
          sent = await prepare(models, (bytes) => bytes)
          continue
        }
        const why = disturbance(block.before, block.after)
        if (why && cooling < coolings) {
          hot++
          this.options.note?.('warning', `${why} while it was measured: that is thrown away, and measured again.`)
          await setTimeout((this.options.cooling ?? 20_000) * (cooling + 1), undefined, {
            signal: cancellation?.signal,
          })
          continue
        }
        states.push({ before: block.before, after: block.after })
        const { samples, sentinel, seconds } = block
        return { samples, sentinel, ...(seconds && { seconds }) }
      }
    }
    const { processes, discarded } = await quietProcesses(
      this.gate,
      sent.models[0]!,
      options.processes,
      oneProcess,
      () => setTimeout(1000),
    )
    const state = { before: { ...states[0]!.before }, after: { ...states.at(-1)!.after } }
    return { device, models, processes, discarded: discarded + hot, state }
  }

  /** How the agent's worker runs. As many threads as cores where these are named. */
  private get settings() {
    const { threads, cores, pin } = this.options
    return { threads: threads || cores?.length || 0, ...(cores && { cores }), ...(pin && { pin }) }
  }

  /** Weights are in memory twice or more, once as they are and once packed; beside them lie activations. */
  together(bytes: number): Promise<number> {
    return this.steadily(async ({ facts }) => Math.floor((0.6 * facts.memory.available) / (3 * bytes + (4 << 20))))
  }

  private async runThere(model: string, input: Float32Array, shape: readonly number[]): Promise<DeviceOutput[]> {
    const content = [await readModelBytes(model), new Uint8Array(input.buffer, input.byteOffset, input.byteLength)]
    const files = new Map(content.map((bytes) => [hashBytes(bytes), bytes]))
    const params = { models: [...files.keys()], shape, seed: 0, ...this.settings }
    const { outputs } = await this.steadily((session) => session.work('forward', params, files, forwarded))
    return outputs.map(({ name, shape, data }) => {
      const count = shape.reduce((a, b) => a * b, 1)
      const values = count <= longestLine ? unpacked(data, 4 * count) : undefined
      if (!values) throw strange(this.transport.place, `an output "${name}" that is not of its shape`)
      return { name, shape, data: values }
    })
  }

  async layers(model: string, shape: readonly number[], runs: number): Promise<LayerTime[]> {
    const sent = await prepare([model], this.tensorrt ? (bytes) => bytes : weightless)
    if (this.tensorrt) return this.steadily((session) => this.trtLayers(session, model, sent))
    const { layers } = await this.steadily((session) =>
      session.work(
        'layers',
        { models: sent.models, shape, runs, seconds: 20, seed: 0, ...this.settings },
        sent.files,
        layered,
      ),
    )
    return layers
  }

  /** Kernels of known layers bear the last one's name, as onnxruntime's do; what TensorRT put in keeps its own. */
  private async trtLayers(session: BoardSession, path: string, { models, files }: Sent): Promise<LayerTime[]> {
    const trtexec = trtexecOn(session, files, models[0]!, this.tensorrt!)
    const { nodes } = await loadOnnx(path)
    const ops = new Map(nodes.map(({ name, op }) => [name, op]))
    const layers = await trtexec.layers('{model0}', models[0]!, 3)
    return layers.map(({ name, time }) => {
      const node = nodesOf(name, [...ops.keys()]).at(-1) ?? name
      return { name: node, op: ops.get(node) ?? 'TensorRT', median: time }
    })
  }

  /** Clocks, temperatures and throttling at this moment. @throws LupineError kind 'device' */
  state(): Promise<BoardState> {
    return this.steadily((session) => session.state())
  }

  async close(): Promise<void> {
    const session = this.session
    this.session = undefined
    await session?.then(
      (open) => open.close(),
      () => undefined,
    )
  }

  /** Removes the agent, its files and their folder from the board. @throws LupineError of the connection */
  async forget(signal?: AbortSignal): Promise<void> {
    await this.close()
    const connection = await this.transport.connect(signal)
    try {
      await removeAgent(connection, this.transport.place)
    } finally {
      await connection.close()
    }
  }

  /** Forgets what this computer keeps of the board's identity: its host key. */
  forgetHere(): Promise<void> {
    return this.transport.forget()
  }

  /**
   * Does something on the board; when the board goes away meanwhile, waits for it and does it again. What is in flight
   * is one block of a measurement, so that is what can be lost.
   */
  private async steadily<T>(work: (session: BoardSession) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const patience = this.options.patience ?? 300_000
    let since = performance.now()
    for (let failures = 0; ; failures++) {
      let session: BoardSession | undefined
      try {
        session = await this.open(signal)
        since = performance.now()
        const result = await work(session)
        if (!this.used) await this.options.onUsed?.()
        this.used = true
        return result
      } catch (error) {
        if (session) {
          await session.close()
          this.session = undefined
        }
        signal?.throwIfAborted()
        if (!(error instanceof LupineError) || !passes(error.failure.code)) throw error
        // A board that has never answered is not waited for; nor one at which the same thing fails again and again.
        const answered = this.used || session || failures < 3
        const never = !this.used && absent.has(error.failure.code)
        if (never || !answered || failures >= 40 || performance.now() - since > patience) throw error
        if (session && failures >= 3 && error.failure.code === 'agent-died') throw error
        if (failures === 0)
          this.options.note?.('warning', `${error.failure.message} Waiting for it; what was measured is kept.`)
        await setTimeout(Math.min(10_000, 500 * 2 ** failures), undefined, { ...(signal && { signal }) }).catch(() =>
          signal?.throwIfAborted(),
        )
      }
    }
  }

  private open(signal?: AbortSignal): Promise<BoardSession> {
    this.session ??= BoardSession.open(this.transport, this.options, signal).catch((error: unknown) => {
      this.session = undefined
      throw error
    })
    return this.session
  }
}

/** Models as they are sent, by SHA-256: what each is, and the files; equal ones are one file. */
interface Sent {
  readonly models: string[]
  readonly files: Map<string, Uint8Array>
}

async function prepare(paths: readonly string[], lighten = weightless): Promise<Sent> {
  const files = new Map<string, Uint8Array>()
  const models: string[] = []
  for (const path of paths) {
    const bytes = lighten(await readModelBytes(path))
    const sha = hashBytes(bytes)
    files.set(sha, bytes)
    models.push(sha)
  }
  return { models, files }
}

/** Deflated base64 as floats; undefined where it is not of so many bytes. */
function unpacked(data: string, bytes: number): Float32Array | undefined {
  try {
    const whole = inflateSync(Buffer.from(data, 'base64'), { maxOutputLength: Math.max(bytes, 1) })
    return whole.length === bytes ? new Float32Array(new Uint8Array(whole).buffer) : undefined
  } catch {
    return undefined
  }
}

function misfit({ samples, sentinel }: Measured, models: number, rounds: number): string | undefined {
  if (samples.length !== models) return `${samples.length} lists of times for ${models} networks`
  if (samples.some((times) => times.length !== rounds)) return `a list of times that is not of ${rounds} rounds`
  if (sentinel.length < rounds) return 'too few times of the sentinel'
  if (samples.flat().some((ms) => ms <= 0)) return 'times that are not above zero'
  return undefined
}

const noCore = (place: string, core: number, cores: number) =>
  fail(
    'usage',
    'device-cores',
    `${place} has no core ${core}: its ${cores} are 0 to ${cores - 1}.`,
    'lscpu -e on the board lists them, with their clocks.',
  )

const strange = (place: string, what: string) =>
  fail(
    'device',
    'device-answer',
    `${place} answered ${what}.`,
    'Forget the board (lupine devices forget) and try again.',
  )
