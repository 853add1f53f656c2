import type { OnnxruntimeMethods } from '../engines/onnxruntime/methods'
import { startEngine, type EngineHandle } from '../engines/process/start'
import type { JobContext } from '../runs/job'

export type Onnxruntime = EngineHandle<OnnxruntimeMethods>

/** An onnxruntime process for as long as `work` runs; pauses with the job. */
export async function withOnnxruntime<T>(work: (ort: Onnxruntime) => Promise<T>, job?: JobContext): Promise<T> {
  const ort = startEngine<OnnxruntimeMethods>('onnxruntime')
  job?.onPause((paused) => ort.pause(paused))
  try {
    return await work(ort)
  } finally {
    await ort.stop()
  }
}
