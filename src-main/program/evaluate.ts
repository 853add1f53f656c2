import type { JobResult } from '../contract'
import type { EvaluateResult } from '../engines/interface'
import type { JobContext } from '../runs/job'
import { resolveData } from './data-source'
import { chooseEngine } from './engine-choice'
import { withOnnxruntime } from './onnxruntime'

/** After zod's defaults. */
export interface EvaluateRequest {
  readonly model: string
  readonly data: string
  readonly normalize?: string | undefined
  readonly engine?: 'onnxruntime' | 'tensorflow' | 'wasm' | undefined
  readonly split: 'train' | 'validation' | 'test'
  readonly images?: number | undefined
}

/** `evaluate MODEL --data DATA`: top-1 and top-5 on a split, the test split if none is named. @throws LupineError of the model or the data */
export async function evaluateJob(request: EvaluateRequest, job: JobContext): Promise<JobResult<'evaluate'>> {
  const data = await resolveData(request.model, request.data, request.normalize)
  if (data.note) job.note('info', data.note)
  const { model, split, images } = request
  const call = { model, data: data.source, split, ...(images && { limit: images }) }
  const options = {
    signal: job.signal,
    onProgress: (progress: { done: number; total: number }) => job.progress('evaluate', progress),
  }
  const done = ({ warnings, ...figures }: EvaluateResult, engine: string) => {
    for (const warning of warnings) job.note('warning', warning)
    return { ...figures, engine, split, normalize: data.normalize }
  }
  if (request.engine && request.engine !== 'onnxruntime') {
    const engine = await chooseEngine(request.engine, job)
    job.onPause((paused) => engine.handle.pause(paused))
    try {
      return done(await engine.handle.call('evaluate', call, options), engine.about.engine)
    } finally {
      await engine.handle.stop()
    }
  }
  return done(await withOnnxruntime((ort) => ort.call('evaluate', call, options), job), 'onnxruntime')
}
