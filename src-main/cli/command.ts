import type { CallName, CallRequest, JobName, JobRequest } from '../contract'
import type { Option, Values } from './options'

/** What a command asks of the program. */
export type Request =
  | { readonly [N in CallName]: { readonly call: N; readonly request: CallRequest<N> } }[CallName]
  | { readonly [N in JobName]: { readonly job: N; readonly request: JobRequest<N> } }[JobName]
  /** The address of a board: this terminal is joined to its. */
  | { readonly terminal: string }

export interface Command {
  readonly about: string
  /** Names of positional arguments; those in [brackets] may be left out. */
  readonly arguments: readonly string[]
  readonly options: Readonly<Record<string, Option>>
  /** @throws LupineError kind 'usage' */
  request(values: Values, positionals: readonly string[]): Request
  /** The result for people. */
  summary(result: never): string
}
