import type { DeviceKey } from '../contract'
import type { Cancellation } from '../core/ports'

export interface MeasureOptions {
  /** Fresh processes; each loads every model anew. */
  readonly processes: number
  /** Rounds per process; one sample per model and round. */
  readonly rounds: number
  /** Milliseconds of inference per sample; 0: one inference. */
  readonly slice: number
  readonly seed: number
  /** What each model is (a plan's key, "result", …): for devices that only know what was measured before. */
  readonly names?: readonly string[]
  readonly cancellation?: Cancellation & { readonly signal: AbortSignal }
  readonly onProgress?: (done: number, total: number) => void
}

/** Raw samples: `processes[p].samples[model][round]`, ms per inference; model 0 is the sentinel. */
export interface RawMeasurement {
  readonly device: DeviceKey
  readonly models: readonly string[]
  readonly processes: readonly {
    readonly samples: readonly (readonly number[])[]
    readonly sentinel: readonly number[]
    /** What a board's process spent its time on. */
    readonly seconds?: { readonly loading: number; readonly measuring: number }
  }[]
  /** Processes that were disturbed, measured again, and left out. */
  readonly discarded: number
  readonly state: { readonly before: Record<string, unknown>; readonly after: Record<string, unknown> }
}

/** One output of a network, as a device computed it. */
export interface DeviceOutput {
  readonly name: string
  readonly shape: readonly number[]
  readonly data: Float32Array
}

export interface LayerTime {
  readonly name: string
  readonly op: string
  /** ms */
  readonly median: number
}

/** A device that can time ONNX models. */
export interface Device {
  readonly address: string
  /** Another computer, which this one does not disturb. */
  readonly apart?: boolean
  /** Everything a latency depends on apart from the model. */
  key(): Promise<DeviceKey>
  /**
   * Times models by round robin; the first is the sentinel.
   * @param shape one input, NCHW with batch 1
   * @throws LupineError kind 'device', or 'interrupted'
   */
  measure(models: readonly string[], shape: readonly number[], options: MeasureOptions): Promise<RawMeasurement>
  /** How many models with so many bytes of weights its memory holds at once; absent: as many as anybody wants. */
  together?(bytes: number): Promise<number>
  /**
   * Runs a model with its own weights on an input; absent where nothing is run. For devices that are `apart`.
   * @param input of `shape`, float32
   * @throws LupineError kind 'device'
   */
  forward?(model: string, input: Float32Array, shape: readonly number[]): Promise<DeviceOutput[]>
  /**
   * Times of one model's kernels, ms, in the order they run, in a run of their own.
   * @param name what the model is ("original", "result"): for devices that only know what was measured before
   * @throws LupineError kind 'device'
   */
  layers(model: string, shape: readonly number[], runs: number, name?: string): Promise<LayerTime[]>
}
