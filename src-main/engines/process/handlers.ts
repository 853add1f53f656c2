/** A method an engine process answers: plain JSON each way. */
export interface MethodShape {
  request: unknown
  result: unknown
  progress: unknown
}

export interface CallContext<P> {
  progress(progress: P): void
  /** Aborts when the caller cancels. */
  readonly signal: AbortSignal
  /** Whether the caller wants what there is by the next good moment, instead of the whole. Absent: never. */
  readonly concluding?: () => boolean
  /**
   * To be awaited between units of work: lets messages in, and waits while the job is paused or anybody measures on
   * this computer.
   * @throws LupineError 'interrupted' once cancelled
   */
  breathe(): Promise<void>
}

export type Handlers<M extends { [K in keyof M]: MethodShape }> = {
  [K in keyof M]: (params: M[K]['request'], context: CallContext<M[K]['progress']>) => Promise<M[K]['result']>
}
