import { fail, type LupineError } from '../../core/failure'

/** Output of a benchmark program that is not what its versions known here write. */
export const unreadable = (program: string, what: string, cause?: unknown): LupineError =>
  fail(
    'device',
    'runtime-output',
    `What ${program} wrote cannot be read: ${what}.`,
    'Run it by hand on the board; if it works there, report its version and its output.',
    cause,
  )
