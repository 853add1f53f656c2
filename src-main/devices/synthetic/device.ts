import type { DeviceKey } from '../../contract'
import type { Network } from '../../core/graph/network'
import type { Random } from '../../core/ports'
import { createRandom, deriveSeed } from '../../core/statistics/random'
import { loadOnnx } from '../../formats/onnx/files'
import { hashFile } from '../../projects/provenance'
import type { Device, LayerTime, MeasureOptions, RawMeasurement } from '../device'
import { QuietGate, quietProcesses } from '../measuring/quiet'
import { roundRobin } from '../measuring/round-robin'
import { createWorld, type World } from './world'

/** Standard deviation of the noise of one inference, as a fraction. */
export const syntheticNoise = 0.01
/** Share of inferences something interrupts, and how much longer they take at most. */
const outliers = 0.02
const worst = 3
/** Slow drift: largest excursion, and simulated ms of a wave. */
const drift = 0.03
const wave = 40_000
/** A throttling episode: its likelihood per simulated stretch, how long stretches are, and how slow it makes. */
const throttled = 0.08
const stretch = 4000
const slowdown = 1.3

/** A file the device was given. */
interface Known {
  readonly hash: string
  readonly ms: number
}

/**
 * A made-up device: latencies by a hidden function (`world.ts`), and what spoils measuring on top: drift, noise,
 * outliers and throttling, in simulated time. A sample depends on the seed, the measurement's seed, the model's content,
 * the process and the round, not on what else was measured before or beside it: so an interrupted run that is resumed
 * sees what the undisturbed one would have seen.
 */
export class SyntheticDevice implements Device {
  private readonly world: World
  private readonly known = new Map<string, Known>()

  constructor(
    readonly address: string,
    private readonly seed: number,
  ) {
    this.world = createWorld(seed)
  }

  key(): Promise<DeviceKey> {
    return Promise.resolve({
      address: this.address,
      board: `made up from seed ${this.seed}`,
      runtime: 'synthetic',
      version: '1',
      provider: 'cpu',
      precision: 'float32',
      batch: 1,
      threads: 1,
      powerMode: 'simulated',
      machine: 'simulated',
    })
  }

  async measure(models: readonly string[], shape: readonly number[], options: MeasureOptions): Promise<RawMeasurement> {
    const known: Known[] = []
    for (const model of models) {
      options.cancellation?.throwIfAborted()
      known.push(await this.read(model, shape))
    }
    // A gate of its own: what another measurement knew must not decide here.
    const { processes, discarded } = await quietProcesses(
      new QuietGate(),
      known[0]!.hash,
      options.processes,
      (index) => this.oneProcess(known, options, index),
      () => Promise.resolve(),
    )
    return { device: await this.key(), models, processes, discarded, state: { before: {}, after: {} } }
  }

  async layers(model: string, shape: readonly number[], runs: number): Promise<LayerTime[]> {
    const random = createRandom(deriveSeed(this.seed, `layers/${await hashFile(model)}/${runs}`))
    return this.world
      .layers(await load(model, shape))
      .filter(({ bound }) => bound !== 'fused')
      .map(({ name, op, ms }) => ({
        name,
        op,
        median: ms * (1 + (syntheticNoise * random.normal()) / Math.sqrt(runs)),
      }))
  }

  private async read(model: string, shape: readonly number[]): Promise<Known> {
    const hash = await hashFile(model)
    const name = `${hash}/${shape.join('x')}`
    const known = this.known.get(name) ?? { hash, ms: this.world.latency(await load(model, shape)) }
    this.known.set(name, known)
    return known
  }

  private async oneProcess(
    models: readonly Known[],
    { rounds, slice, seed, processes, cancellation, onProgress }: MeasureOptions,
    index: number,
  ): Promise<RawMeasurement['processes'][number]> {
    const occasion = `${seed}/${index}`
    // Every model has its own stream per round, and every round its own place in time, whoever else is measured.
    let [round, clock] = [-1, 0]
    let streams: (Random | undefined)[] = []
    let pace = this.pace(occasion, round)
    const time = (model: number): Promise<number> => {
      const { hash, ms } = models[model]!
      const random = (streams[model] ??= createRandom(deriveSeed(this.seed, `${occasion}/${round}/${hash}`)))
      const interrupted = random.next() < outliers ? 1 + (worst - 1) * random.next() : 1
      const taken = ms * pace * interrupted * Math.exp(syntheticNoise * random.normal())
      clock += taken
      return Promise.resolve(taken)
    }
    const onRound = (done: number): Promise<void> => {
      cancellation?.throwIfAborted()
      round = done - 1
      streams = []
      pace = this.pace(occasion, round)
      onProgress?.(Math.min(index, processes - 1) * rounds + done, processes * rounds)
      return Promise.resolve()
    }
    return roundRobin(models.length, time, () => clock, { rounds, slice, seed: seed + index }, onRound)
  }

  /** How much slower than at its best the device runs in a round: drift and throttling, the same for all models. */
  private pace(occasion: string, round: number): number {
    const start = createRandom(deriveSeed(this.seed, occasion)).next() * wave * 100
    const now = start + round * 500
    const episode = createRandom(deriveSeed(this.seed, `episode/${Math.floor(now / stretch)}`)).next() < throttled
    return (1 + drift * Math.sin((2 * Math.PI * now) / wave)) * (episode ? slowdown : 1)
  }
}

/** A model at the size it is measured at, which open inputs leave to the caller. */
async function load(model: string, shape: readonly number[]): Promise<Network> {
  const network = await loadOnnx(model)
  const [input, ...others] = network.inputs
  return input ? { ...network, inputs: [{ ...input, shape }, ...others] } : network
}
