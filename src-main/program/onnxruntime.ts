import type { OnnxruntimeMethods } from '../engines/onnxruntime/methods'
import { startSteadyEngine } from '../engines/process/steady'
import type { EngineHandle } from '../engines/process/start'
import type { JobContext } from '../runs/job'
import { tellRestart } from './engine-choice'

export type Onnxruntime = EngineHandle<OnnxruntimeMethods>

/** An onnxruntime process; one that ends while it scores, evaluates or computes is started again, once. */
export function startOnnxruntime(job?: JobContext): Onnxruntime {
  const ort = startSteadyEngine<OnnxruntimeMethods>('onnxruntime', {
    pure: [
      'evaluate',
      'score',
      'forward',
      'channels',
      'describeData',
      'detectNormalization',
      'previewData',
      'recalibrate',
      'writeImages',
    ],
    opening: ['openScorer'],
    ...(job && { onRestart: tellRestart('onnxruntime', job) }),
  })
  job?.onPause((paused) => ort.pause(paused))
  return ort
}

/** An onnxruntime process for as long as `work` runs; pauses with the job. */
export async function withOnnxruntime<T>(work: (ort: Onnxruntime) => Promise<T>, job?: JobContext): Promise<T> {
  const ort = startOnnxruntime(job)
  try {
    return await work(ort)
  } finally {
    await ort.stop()
  }
}
