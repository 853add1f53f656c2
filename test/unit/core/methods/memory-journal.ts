import type { Journal } from '../../../../src-main/core/ports'

export interface JournalLine {
  readonly kind: string
  readonly key: string
  readonly value: unknown
}

/** A journal in memory that replays `lines` first, as JSON would, and checks that it is asked for the same things. */
export function createJournal(
  lines: readonly JournalLine[] = [],
): Journal & { readonly lines: readonly JournalLine[] } {
  const all = [...lines]
  let position = 0
  return {
    lines: all,
    async record<T>(kind: string, key: string, produce: () => Promise<T>): Promise<T> {
      const line = all[position]
      if (line) {
        if (line.kind !== kind || line.key !== key) throw new Error(`journal: ${line.key} where ${key} was asked`)
      } else {
        all.push({ kind, key, value: JSON.parse(JSON.stringify(await produce())) })
      }
      return all[position++]!.value as T
    },
  }
}
