import { availableParallelism } from 'node:os'
import type { Evaluator, Race, Score, Widths } from '../core/ports'
import type { ScorerDescription, ScorerRequest } from '../engines/onnxruntime/scorer'
import type { JobContext } from '../runs/job'
import { startOnnxruntime, withOnnxruntime, type Onnxruntime } from './onnxruntime'

/** Several processes must be faster by this much to be worth their memory. */
const worthwhile = 0.92
/** A process holds the images and a network: a few hundred megabytes. */
const mostProcesses = 8
/** A shorter search ends before the comparison has paid off. */
const fewestEvaluations = 30

/**
 * Scores candidates, side by side where that is faster on this computer: one process with all threads, or one per core
 * with one thread each (surgery and loading a network use one thread, so small networks gain from company). Decided by
 * timing the unpruned network both ways, at the first candidate that the journal does not know.
 */
class ScorerPool implements Evaluator {
  private processes: readonly Onnxruntime[]
  private extra: Onnxruntime[] = []
  private decided: boolean

  constructor(
    private readonly first: Onnxruntime,
    private readonly request: Omit<ScorerRequest, 'threads'>,
    private readonly job: JobContext,
    evaluations: number,
  ) {
    this.processes = [first]
    this.decided = evaluations < fewestEvaluations || availableParallelism() < 2
  }

  get parallel(): number {
    return this.processes.length
  }

  async evaluate(candidates: readonly Widths[], race?: Race): Promise<Score[]> {
    if (!this.decided) await this.decide()
    const { processes, job } = this
    const scores: Score[] = []
    for (let start = 0; start < candidates.length; start += processes.length) {
      await job.gate()
      const chunk = candidates.slice(start, start + processes.length)
      const calls = chunk.map((widths, i) => {
        const request = { widths, ...(race && { race: { rival: race.rivals[start + i] } }) }
        return processes[i]!.call('score', request, { signal: job.signal })
      })
      scores.push(...(await Promise.all(calls)))
    }
    return scores
  }

  async stop(): Promise<void> {
    await Promise.all(this.extra.splice(0).map((ort) => ort.stop()))
  }

  private async decide(): Promise<void> {
    this.decided = true
    const alone = await this.secondsEach([this.first])
    const cores = availableParallelism()
    const count = Math.min(cores, mostProcesses)
    this.extra = Array.from({ length: count }, () => startOnnxruntime(this.job))
    const request = { ...this.request, threads: Math.max(1, Math.floor(cores / count)) }
    await Promise.all(this.extra.map((ort) => ort.call('openScorer', request, { signal: this.job.signal })))
    if ((await this.secondsEach(this.extra)) < worthwhile * alone) {
      this.processes = this.extra
      this.job.note('info', `Scoring ${count} candidates side by side: faster on this computer.`)
    } else await this.stop()
  }

  /** Seconds per candidate when each process scores the unpruned network at the same time; the first time warms up. */
  private async secondsEach(processes: readonly Onnxruntime[]): Promise<number> {
    let seconds = Infinity
    for (let trial = 0; trial < 3; trial++) {
      await this.job.gate()
      const start = performance.now()
      await Promise.all(processes.map((ort) => ort.call('score', { widths: {} }, { signal: this.job.signal })))
      if (trial > 0) seconds = Math.min(seconds, (performance.now() - start) / 1000)
    }
    return seconds / processes.length
  }
}

/**
 * Opens scoring for as long as `work` runs; its third argument is a process with the scorer open.
 * @param evaluations about how many candidates there will be
 * @throws LupineError of the model and the data
 */
export async function withScorers<T>(
  request: Omit<ScorerRequest, 'threads'>,
  evaluations: number,
  job: JobContext,
  work: (evaluator: Evaluator, described: ScorerDescription, scorer: Onnxruntime) => Promise<T>,
): Promise<T> {
  return withOnnxruntime(async (first) => {
    const described = await first.call('openScorer', { ...request, threads: 0 })
    const pool = new ScorerPool(first, request, job, evaluations)
    try {
      return await work(pool, described, first)
    } finally {
      await pool.stop()
    }
  }, job)
}
