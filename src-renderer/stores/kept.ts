import { watch, type Ref } from 'vue'
import type { z } from 'zod'

/**
 * What the browser keeps for us under `key`, as far as it still fits the schema; else what the schema makes of nothing.
 * Storage may be forbidden or full: then nothing is kept, and nothing else happens.
 */
export function readKept<T>(key: string, schema: z.ZodType<T>): T {
  try {
    const parsed = schema.safeParse(JSON.parse(localStorage.getItem(key) ?? '{}'))
    if (parsed.success) return parsed.data
  } catch {
    // Not ours to mend.
  }
  return schema.parse({})
}

/** Keeps the value whenever it changes. */
export function keep(key: string, value: Ref<unknown>): void {
  watch(
    value,
    (now) => {
      try {
        localStorage.setItem(key, JSON.stringify(now))
      } catch {
        // As above.
      }
    },
    { deep: true },
  )
}
