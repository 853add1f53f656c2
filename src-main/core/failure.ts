/** What kind of failure it was; the command line's exit codes follow from it (1, 2, 3, 4, 130). */
export type FailureKind = 'work' | 'usage' | 'input' | 'device' | 'interrupted'

/**
 * An expected failure, as a value that can cross processes: what went wrong, where, and the way out.
 * `code` is stable and machine-readable ("onnx-truncated"); `message` names the thing and the place.
 */
export interface Failure {
  readonly kind: FailureKind
  readonly code: string
  readonly message: string
  readonly hint: string
}

export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure }

export const succeed = <T>(value: T): Result<T> => ({ ok: true, value })

/** The same failure as an exception, for code too deep to hand values back; doors turn it into a value again. */
export class LupineError extends Error {
  override readonly name = 'LupineError'
  constructor(
    readonly failure: Failure,
    options?: ErrorOptions,
  ) {
    super(failure.message, options)
  }
}

/** Shorthand: a LupineError of the given kind. */
export const fail = (kind: FailureKind, code: string, message: string, hint: string, cause?: unknown): LupineError =>
  new LupineError({ kind, code, message, hint }, cause === undefined ? undefined : { cause })

/** Any thrown value as a Failure. What is not ours is a defect: it keeps its message and says so. */
export function toFailure(error: unknown): Failure {
  if (error instanceof LupineError) return error.failure
  const message = error instanceof Error ? error.message : String(error)
  return {
    kind: 'work',
    code: 'unexpected',
    message,
    hint: 'This is a defect in Lupine. Run again with LUPINE_DEBUG=1 for the stack, and report it.',
  }
}
