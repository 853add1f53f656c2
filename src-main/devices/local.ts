import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { fail, LupineError } from '../core/failure'
import type { DeviceKey } from '../contract'
import type { OnnxruntimeMethods } from '../engines/onnxruntime/methods'
import { startEngine } from '../engines/process/start'
import { hashFile } from '../projects/provenance'
import type { Device, LayerTime, MeasureOptions, RawMeasurement } from './device'
import { hostState } from './measuring/host-state'
import { QuietGate, quietProcesses } from './measuring/quiet'
import { withMachine } from './measuring/machine-lock'

/** This computer, timed by onnxruntime in processes of their own. */
export class LocalDevice implements Device {
  private readonly gate = new QuietGate()

  constructor(
    readonly address: string,
    private readonly threads: number,
    private readonly onWait?: () => void,
  ) {}

  async key(): Promise<DeviceKey> {
    const engine = startEngine<OnnxruntimeMethods>('onnxruntime')
    try {
      const about = await engine.call('describe', {})
      const state = await hostState()
      return {
        address: this.address,
        board: `${cpus()[0]?.model ?? process.arch} (${process.arch})`,
        runtime: 'onnxruntime',
        version: about.version,
        provider: 'cpu',
        precision: 'float32',
        batch: 1,
        threads: this.threads || availableParallelism(),
        powerMode: typeof state['governor'] === 'string' ? state['governor'] : 'unknown',
        machine: `${cpus()[0]?.model ?? 'cpu'} × ${cpus().length}`,
      }
    } finally {
      await engine.stop()
    }
  }

  async measure(models: readonly string[], shape: readonly number[], options: MeasureOptions): Promise<RawMeasurement> {
    const device = await this.key()
    return withMachine(
      async () => {
        const before = await hostState()
        const { processes, discarded } = await quietProcesses(
          this.gate,
          await hashFile(models[0]!),
          options.processes,
          (index) => {
            options.cancellation?.throwIfAborted()
            return this.oneProcess(models, shape, options, index)
          },
          () => setTimeout(1000),
        )
        return { device, models, processes, discarded, state: { before, after: await hostState() } }
      },
      options.cancellation,
      this.onWait,
    )
  }

  private async oneProcess(
    models: readonly string[],
    shape: readonly number[],
    { rounds, slice, seed, processes, cancellation, onProgress }: MeasureOptions,
    index: number,
  ): Promise<RawMeasurement['processes'][number]> {
    const engine = startEngine<OnnxruntimeMethods>('onnxruntime')
    try {
      return await engine.call(
        'measure',
        { models, shape, threads: this.threads, rounds, slice, seed: seed + index },
        {
          onProgress: (progress) =>
            onProgress?.(Math.min(index, processes - 1) * rounds + progress.done, processes * rounds),
          ...(cancellation ? { signal: cancellation.signal } : {}),
        },
      )
    } catch (error) {
      throw deviceTrouble(error)
    } finally {
      await engine.stop()
    }
  }

  async layers(model: string, shape: readonly number[], runs: number): Promise<LayerTime[]> {
    const prefix = join(tmpdir(), `lupine-profile-${randomBytes(4).toString('hex')}`)
    const engine = startEngine<OnnxruntimeMethods>('onnxruntime')
    try {
      return await withMachine(() => engine.call('layers', { model, shape, threads: this.threads, runs, prefix }))
    } finally {
      await engine.stop()
    }
  }
}

/** A process that dies while it measures is trouble of the device; a model it refuses stays the model's. */
function deviceTrouble(error: unknown): unknown {
  if (!(error instanceof LupineError) || error.failure.code !== 'engine-died') return error
  return fail(
    'device',
    'device-died',
    `Measuring on this computer failed: ${error.failure.message}`,
    'Run again; if it happens twice, free some memory.',
    error,
  )
}
