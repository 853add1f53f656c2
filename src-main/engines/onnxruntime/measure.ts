import { performance } from 'node:perf_hooks'
import { createRandom } from '../../core/statistics/random'
import { type RoundRobin, roundRobin, type RoundRobinSamples } from '../../devices/measuring/round-robin'
import { createSession, floatTensor, type Session } from './runtime'

export interface MeasureRequest extends RoundRobin {
  /** ONNX files; the first is the sentinel. */
  readonly models: readonly string[]
  /** One input, NCHW with batch 1. */
  readonly shape: readonly number[]
  /** Intra-op threads; 0: the runtime's default. */
  readonly threads: number
}

/**
 * Times models in onnxruntime by round robin.
 * @throws LupineError 'onnxruntime-refused'
 */
export async function measureModels(
  request: MeasureRequest,
  onRound: (done: number) => Promise<void> = () => Promise.resolve(),
): Promise<RoundRobinSamples> {
  const sessions: Session[] = []
  try {
    for (const model of request.models) sessions.push(await createSession(model, request.threads, model))
    const random = createRandom(request.seed)
    const size = request.shape.reduce((a, b) => a * b, 1)
    // Not zeros: sparsity and denormals would be timed instead.
    const input = floatTensor(
      Float32Array.from({ length: size }, () => random.normal()),
      request.shape,
    )
    const time = async (model: number): Promise<number> => {
      const session = sessions[model]!
      const feeds = { [session.inputNames[0]!]: input }
      const start = performance.now()
      await session.run(feeds)
      return performance.now() - start
    }
    return await roundRobin(sessions.length, time, () => performance.now(), request, onRound)
  } finally {
    for (const session of sessions) await session.release()
  }
}
