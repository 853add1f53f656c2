import { performance } from 'node:perf_hooks'
import { createRandom, permutation } from '../../core/statistics/random'
import { median } from '../../core/statistics/robust'
import { createSession, floatTensor, type Session } from './runtime'

export interface MeasureRequest {
  /** ONNX files; the first is the sentinel. */
  readonly models: readonly string[]
  /** One input, NCHW with batch 1. */
  readonly shape: readonly number[]
  /** Intra-op threads; 0: the runtime's default. */
  readonly threads: number
  readonly rounds: number
  /** Milliseconds each model gets per round: repeated inferences, of which the median counts as one sample. */
  readonly slice: number
  readonly seed: number
}

export interface MeasureResult {
  /** ms per inference: samples[model][round]. */
  readonly samples: number[][]
  /** Every single inference of the sentinel, ms (for percentiles). */
  readonly sentinel: number[]
}

/**
 * Round robin with a sentinel: every model is timed once per round, in an order shuffled anew each round, so that
 * drift of the machine falls on all alike and divides out in the ratio to the sentinel (measuring.md: sequential
 * measuring drifts 6 % in two minutes, round robin holds 0.5 %).
 *
 * @throws LupineError 'onnxruntime-refused'
 */
export async function measureModels(
  request: MeasureRequest,
  onRound: (done: number) => Promise<void> = () => Promise.resolve(),
): Promise<MeasureResult> {
  const random = createRandom(request.seed)
  const sessions: Session[] = []
  for (const model of request.models) sessions.push(await createSession(model, request.threads, model))
  const size = request.shape.reduce((a, b) => a * b, 1)
  // Not zeros: sparsity and denormals would be timed instead.
  const input = floatTensor(
    Float32Array.from({ length: size }, () => random.normal()),
    request.shape,
  )
  const samples: number[][] = sessions.map(() => [])
  const sentinel: number[] = []
  const time = async (session: Session): Promise<number> => {
    const feeds = { [session.inputNames[0]!]: input }
    const start = performance.now()
    await session.run(feeds)
    return performance.now() - start
  }
  try {
    const repeats: number[] = []
    for (const session of sessions) {
      for (let i = 0; i < 3; i++) await time(session)
      const once = Math.min(await time(session), await time(session), await time(session))
      repeats.push(Math.max(3, Math.min(50, Math.round(request.slice / once))))
    }
    await warmUp(() => time(sessions[0]!))
    for (let round = 0; round < request.rounds; round++) {
      for (const index of permutation(sessions.length, random)) {
        const session = sessions[index]!
        await time(session) // refills the caches after the model before it
        const times: number[] = []
        for (let i = 0; i < repeats[index]!; i++) times.push(await time(session))
        samples[index]!.push(median(times))
        if (index === 0) sentinel.push(...times)
      }
      await onRound(round + 1)
    }
  } finally {
    for (const session of sessions) await session.release()
  }
  return { samples, sentinel }
}

/** At least 0.5 s and until two windows of 20 inferences agree within 1 %, at most 3 s. */
async function warmUp(once: () => Promise<number>): Promise<void> {
  const start = performance.now()
  let before = Infinity
  while (performance.now() - start < 3000) {
    const window: number[] = []
    for (let i = 0; i < 20; i++) window.push(await once())
    const now = median(window)
    if (performance.now() - start > 500 && Math.abs(now - before) < 0.01 * before) return
    before = now
  }
}
