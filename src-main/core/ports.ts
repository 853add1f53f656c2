/**
 * What core's methods need from outside. Core computes; these bring in everything that cannot be computed from
 * the seed: measurements, scores, training, time.
 */

/** Channels kept per coupled group: group id → count; 0 = the residual branch is removed. Absent = untouched. */
export type Widths = Readonly<Record<string, number>>

/** Milliseconds since some fixed point; only differences mean anything. */
export interface Clock {
  now(): number
}

/** A seeded stream; its state can be saved. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  /** Uniform integer in [0, bound). */
  below(bound: number): number
  /** Standard normal. */
  normal(): number
  state(): number[]
}

/** One measured network. `ratio` = its median over the sentinel's median in the same rounds; `median` in ms. */
export interface LatencyMeasurement {
  readonly ratio: number
  readonly median: number
  readonly mad: number
  /** How many samples the median is of; with the MAD it gives the error of the median. */
  readonly samples?: number
}

/** Measures pruned variants of one network on one device, interleaved with a sentinel (the unpruned original). */
export interface LatencyOracle {
  /**
   * In the order asked.
   * @param repetition another number is an independent sample of the same variants; 0 when absent
   * @param among how many are measured for the same purpose, these among them: the more, the less effort goes into each.
   *   Their own number when absent; a run that is resumed asks for the rest of what it had begun with
   * @throws LupineError kind 'device'
   */
  measure(variants: readonly Widths[], repetition?: number, among?: number): Promise<LatencyMeasurement[]>
}

/** A candidate's score on the fixed, paired fitness set after BN recalibration. */
export interface Score {
  /** Mean KL divergence of the candidate's output distribution from the original's, nats. */
  readonly divergence: number
  /** Fraction of fitness images whose label is the top prediction; undefined without labels. Seen images: not an
   *  estimate of accuracy. */
  readonly top1: number | undefined
  /** Divergence per image of a few images, after a recalibration on a few: what another candidate is raced against. */
  readonly few?: readonly number[]
  /** Lost the race on the few images: `divergence` is an estimate, above the rival's. */
  readonly estimated?: true
}

/** Evaluates on a few images first; a candidate that beyond doubt does not beat its rival is not evaluated further. */
export interface Race {
  /** Per candidate; undefined: there is no such plan, and only its `few` are wanted. */
  readonly rivals: readonly (Score | undefined)[]
}

export interface Evaluator {
  /** Candidates it evaluates at the same time; absent: one. */
  readonly parallel?: number
  /** In the order asked. */
  evaluate(candidates: readonly Widths[], race?: Race): Promise<Score[]>
}

/** Scores plans after a short fine-tuning, each from the original's weights. */
export interface Refiner {
  refine(widths: Widths): Promise<Score>
}

/**
 * The record of every input the seed does not determine. `record` returns what the journal already holds under the
 * next position, or calls `produce`, appends the value, flushes it, and returns it: so a resumed run replays.
 */
export interface Journal {
  record<T>(kind: string, key: string, produce: () => Promise<T>): Promise<T>
}

/** Progress of a method: `done` of `total` in units the stage chooses; `detail` is for people. */
export interface Progress {
  readonly done: number
  readonly total: number
  readonly detail?: string
  /** Figures a live view draws (the pack, the best so far); plain JSON. */
  readonly data?: unknown
}

/** Asked between units of work; an AbortSignal is one. */
export interface Cancellation {
  readonly aborted: boolean
  /** @throws when aborted */
  throwIfAborted(): void
}
