import type { Score, Widths } from '../../core/ports'
import type { EngineMethods } from '../interface'
import type { LayersRequest, LayerTime } from './layers'
import type { MeasureRequest, MeasureResult } from './measure'
import type { ScorerDescription, ScorerRequest } from './scorer'

export interface RecalibrateRequest {
  /** Path of a pruned network; the scorer must be open. */
  readonly model: string
  readonly out: string
}

/** What the onnxruntime process answers beyond the engines' common methods. */
export interface OnnxruntimeMethods extends Pick<EngineMethods, 'describe' | 'forward'> {
  evaluate: {
    request: EngineMethods['evaluate']['request'] & { threads?: number }
    result: EngineMethods['evaluate']['result']
    progress: { done: number; total: number }
  }
  measure: { request: MeasureRequest; result: MeasureResult; progress: { done: number; total: number } }
  layers: { request: LayersRequest; result: LayerTime[]; progress: never }
  openScorer: { request: ScorerRequest; result: ScorerDescription; progress: never }
  score: { request: { widths: Widths }; result: Score; progress: never }
  recalibrate: { request: RecalibrateRequest; result: Record<string, never>; progress: never }
}
