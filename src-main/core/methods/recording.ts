import type {
  Cancellation,
  Evaluator,
  Journal,
  LatencyMeasurement,
  LatencyOracle,
  Race,
  Refiner,
  Score,
  Widths,
} from '../ports'
import { planKey } from '../search/archive'

/** Plans, and points of a table, that are timed interleaved: what a killed run has to measure again. */
const plansTogether = 16
const pointsTogether = 48

/** Called after each recorded value. */
export type OnRecorded<T> = (value: T, index: number) => void

/**
 * Values of a batch through the journal, in order. What the journal holds is replayed; the rest is produced in one go
 * when the first missing value is reached, since devices and engines are better at batches.
 * @param produce makes the values from `start` on
 */
async function recordBatch<T>(
  journal: Journal,
  kind: string,
  keys: readonly string[],
  produce: (start: number) => Promise<T[]>,
  onRecorded?: OnRecorded<T>,
): Promise<T[]> {
  const values: T[] = []
  let fresh: { start: number; values: T[] } | undefined
  for (const [i, key] of keys.entries()) {
    const value = await journal.record(kind, key, async () => {
      fresh ??= { start: i, values: await produce(i) }
      return fresh.values[i - fresh.start]!
    })
    values.push(value)
    onRecorded?.(value, i)
  }
  return values
}

/**
 * The outside, with everything it says on record. Candidates go out one by one, or as many as are
 * evaluated side by side, so that a killed run loses what is in flight and no more; plans to measure in chunks, since they are timed interleaved.
 */
export class Recorder {
  private readonly scores = new Map<string, Score>()
  private queued: readonly Widths[] = []
  private readonly ahead = new Map<string, Promise<Score>>()
  private resting = false

  constructor(
    private readonly journal: Journal,
    private readonly evaluator: Evaluator,
    private readonly oracle: LatencyOracle | undefined,
    private readonly signal: Cancellation | undefined,
    /** For a latency table's points; the other one when absent. */
    private readonly points = oracle,
    /** What its scores are called in the journal: trained ones are others than those at once. */
    private readonly kind: 'score' | 'trained' = 'score',
  ) {}

  private async inChunks<T>(
    variants: readonly Widths[],
    kind: string,
    chunk: number,
    produce: (part: readonly Widths[]) => Promise<T[]>,
    onRecorded?: OnRecorded<T>,
  ): Promise<T[]> {
    const values: T[] = []
    for (let start = 0; start < variants.length; start += chunk) {
      this.signal?.throwIfAborted()
      const part = variants.slice(start, start + chunk)
      const report: OnRecorded<T> = (value, i) => onRecorded?.(value, start + i)
      values.push(...(await recordBatch(this.journal, kind, part.map(planKey), (i) => produce(part.slice(i)), report)))
    }
    return values
  }

  /** Latencies of plans in the order asked. @throws LupineError kind 'device' */
  measure(variants: readonly Widths[], onRecorded?: OnRecorded<LatencyMeasurement>): Promise<LatencyMeasurement[]> {
    return this.measureBy(this.oracle, 'latency', plansTogether, variants, 0, onRecorded)
  }

  /** As `measure`, for a table's points; another repetition is a new sample. */
  measurePoints(
    variants: readonly Widths[],
    repetition: number,
    onRecorded?: OnRecorded<LatencyMeasurement>,
  ): Promise<LatencyMeasurement[]> {
    return this.measureBy(this.points, 'point', pointsTogether, variants, repetition, onRecorded)
  }

  private measureBy(
    oracle: LatencyOracle | undefined,
    kind: string,
    together: number,
    variants: readonly Widths[],
    repetition: number,
    onRecorded?: OnRecorded<LatencyMeasurement>,
  ): Promise<LatencyMeasurement[]> {
    if (!oracle) throw new TypeError('no latency oracle')
    const ask = (part: readonly Widths[]) => {
      this.workAhead()
      return oracle.measure(part, repetition, variants.length)
    }
    return this.inChunks(variants, kind, together, ask, onRecorded)
  }

  /**
   * Plans that will be scored later, without a race: evaluated from the moment on at which a device measures something
   * that the journal does not hold. They enter the journal when, and in the order in which, they are asked for.
   */
  whileMeasuring(candidates: readonly Widths[]): void {
    this.queued = candidates
  }

  /** When what is done fails, nothing is begun ahead of time any more. */
  async orRest<T>(work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      this.resting = true
      throw error
    }
  }

  private workAhead(): void {
    const candidates = this.queued
    this.queued = []
    const scores = this.scoresAhead(candidates)
    for (const widths of candidates) {
      const score = scores.next().then(({ value, done }) => {
        if (done) throw new Error('a score before this one failed')
        return value
      })
      // Whoever asks for the score hears of a failure.
      score.catch(() => undefined)
      this.ahead.set(planKey(widths), score)
    }
  }

  private async *scoresAhead(candidates: readonly Widths[]): AsyncGenerator<Score, void> {
    for (let start = 0; start < candidates.length;) {
      this.signal?.throwIfAborted()
      if (this.resting) throw new Error('nobody asks for this score any more')
      // An evaluator may find at the first that it can do several side by side.
      const part = candidates.slice(start, start + (this.evaluator.parallel ?? 1))
      start += part.length
      yield* await this.evaluator.evaluate(part)
    }
  }

  private scoresOf(part: readonly Widths[], race?: Race): Promise<Score[]> {
    const known = race ? [] : part.flatMap((widths) => this.ahead.get(planKey(widths)) ?? [])
    return known.length === part.length ? Promise.all(known) : this.evaluator.evaluate(part, race)
  }

  /**
   * Scores in the order asked; a plan scored before, by any method, is not evaluated again, unless it had only been
   * estimated and there is no race now.
   */
  async evaluate(candidates: readonly Widths[], onRecorded?: OnRecorded<Score>, race?: Race): Promise<Score[]> {
    const estimates = candidates.filter((widths) => !race && this.score(widths)?.estimated)
    if (estimates.length > 0) await this.rescore(estimates)
    const rivals = new Map(candidates.map((widths, i) => [widths, race?.rivals[i]]))
    const missing = new Map(candidates.map((widths) => [planKey(widths), widths]))
    for (const key of this.scores.keys()) missing.delete(key)
    const keys = [...missing.keys()]
    let told = 0
    // Known ones are reported between the new ones, where their turn is.
    const flush = (until: number): void => {
      for (; told < until; told++) {
        const score = this.scores.get(planKey(candidates[told]!))
        if (!score) return
        onRecorded?.(score, told)
      }
    }
    flush(candidates.length)
    await this.inChunks(
      [...missing.values()],
      this.kind,
      this.evaluator.parallel ?? 1,
      (part) => this.scoresOf(part, race && { rivals: part.map((widths) => rivals.get(widths)) }),
      (score, i) => {
        this.scores.set(keys[i]!, score)
        flush(candidates.length)
      },
    )
    return candidates.map((widths) => this.scores.get(planKey(widths))!)
  }

  private async rescore(candidates: readonly Widths[]): Promise<void> {
    const together = this.evaluator.parallel ?? 1
    const produce = (part: readonly Widths[]) => this.evaluator.evaluate(part)
    await this.inChunks(candidates, 'rescore', together, produce, (score, i) => {
      this.scores.set(planKey(candidates[i]!), score)
    })
  }

  /** A plan's score after a short fine-tuning. */
  refine(refiner: Refiner, widths: Widths): Promise<Score> {
    this.signal?.throwIfAborted()
    return this.journal.record('refined', planKey(widths), () => refiner.refine(widths))
  }

  /** Everything scored so far. */
  all(): Score[] {
    return [...this.scores.values()]
  }

  score(widths: Widths): Score | undefined {
    return this.scores.get(planKey(widths))
  }

  /** Distinct plans scored so far, whoever asked. */
  get distinct(): number {
    return this.scores.size
  }
}
