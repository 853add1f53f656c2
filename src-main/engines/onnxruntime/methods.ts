import type { Score, Widths } from '../../core/ports'
import type { EngineMethods } from '../interface'
import type { ChannelsRequest } from './channels'
import type { LayersRequest, LayerTime } from './layers'
import type { RoundRobinSamples } from '../../devices/measuring/round-robin'
import type { MeasureRequest } from './measure'
import type { DataSource } from '../../datasets/dataset'
import type { DetectedNormalization } from './normalization'
import type { Preview, PreviewRequest } from './preview'
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
  measure: { request: MeasureRequest; result: RoundRobinSamples; progress: { done: number; total: number } }
  layers: { request: LayersRequest; result: LayerTime[]; progress: never }
  openScorer: { request: ScorerRequest; result: ScorerDescription; progress: never }
  score: {
    request: { widths: Widths; race?: { rival?: Score | undefined } | undefined }
    result: Score
    progress: never
  }
  /** The score of a network as it is; the scorer must be open. */
  scoreModel: { request: { model: string }; result: Score; progress: never }
  /** Opens a data set for a network, to see whether it is one. */
  describeData: { request: { model: string; data: string }; result: { classes: number }; progress: never }
  /** What a data set is, and some of its images. */
  previewData: { request: PreviewRequest; result: Preview; progress: never }
  detectNormalization: { request: { model: string; data: string }; result: DetectedNormalization; progress: never }
  /** Figures per channel of some tensors over calibration images. */
  channels: { request: ChannelsRequest; result: { images: number }; progress: { done: number; total: number } }
  /** Writes normalised images as raw float32 NCHW, as the model at that path takes them. */
  writeImages: {
    request: { model: string; data: DataSource; split: 'validation' | 'test'; limit: number; out: string }
    result: { shape: number[] }
    progress: never
  }
  recalibrate: { request: RecalibrateRequest; result: Record<string, never>; progress: never }
}
