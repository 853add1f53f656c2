import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import type { Journal } from '../../src-main/core/ports'

interface Entry {
  readonly kind: string
  readonly key: string
  readonly value: unknown
}

/** A journal asked by what is wanted, not by its turn: all searches over one file share what was ever evaluated. */
export class MemoJournal implements Journal {
  private readonly known = new Map<string, unknown>()
  /** Values produced, not found. */
  produced = 0

  constructor(private readonly path: string) {
    const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : []
    for (const line of lines) {
      if (!line.endsWith('}')) continue
      const { kind, key, value } = JSON.parse(line) as Entry
      this.known.set(`${kind} ${key}`, value)
    }
  }

  async record<T>(kind: string, key: string, produce: () => Promise<T>): Promise<T> {
    const name = `${kind} ${key}`
    if (!this.known.has(name)) {
      const value = await produce()
      this.produced++
      this.known.set(name, value)
      appendFileSync(this.path, `${JSON.stringify({ kind, key, value } satisfies Entry)}\n`)
    }
    return this.known.get(name) as T
  }
}
