/** A value with its past and what was undone, as a value. */
export interface History<T> {
  readonly now: T
  readonly past: readonly T[]
  readonly future: readonly T[]
}

/** Nobody goes further back. */
const longest = 200

export const begin = <T>(now: T): History<T> => ({ now, past: [], future: [] })

export const advance = <T>({ now, past }: History<T>, next: T): History<T> => ({
  now: next,
  past: [...past, now].slice(-longest),
  future: [],
})

export function undo<T>(history: History<T>): History<T> {
  const { now, past, future } = history
  const before = past.at(-1)
  return past.length === 0 ? history : { now: before as T, past: past.slice(0, -1), future: [now, ...future] }
}

export function redo<T>(history: History<T>): History<T> {
  const { now, past, future } = history
  return future.length === 0 ? history : { now: future[0] as T, past: [...past, now], future: future.slice(1) }
}
