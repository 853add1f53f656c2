import type { Failure } from '../../core/failure'

/** Parent → engine. */
export type ToEngine =
  | { readonly type: 'call'; readonly id: number; readonly method: string; readonly params: unknown }
  | { readonly type: 'cancel'; readonly id: number }
  | { readonly type: 'pause'; readonly paused: boolean }
  /** Ends what is being trained after its current epoch, and keeps the best. */
  | { readonly type: 'conclude' }

/** Engine → parent. */
export type FromEngine =
  | { readonly type: 'beat' }
  | { readonly type: 'progress'; readonly id: number; readonly progress: unknown }
  | { readonly type: 'result'; readonly id: number; readonly result: unknown }
  | { readonly type: 'failure'; readonly id: number; readonly failure: Failure }

/** Engines that exist; the entry knows where each lives. */
export type EngineProcess = 'tensorflow' | 'wasm' | 'onnxruntime'

/** A sign of life is sent this often (ms)… */
export const beatEvery = 2_000
/** …and an engine silent for so long (ms), while it owes an answer, is given up: one native call may block for seconds. */
export const silenceLimit = 180_000
