import { closeSync, existsSync, fsyncSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs'
import { fail } from '../core/failure'
import type { Journal } from '../core/ports'

interface Entry {
  readonly kind: string
  readonly key: string
  readonly value: unknown
}

/** journal.jsonl: one entry per line, appended and flushed before its value is used. */
export class FileJournal implements Journal {
  private position = 0

  private constructor(
    private readonly descriptor: number,
    private readonly replay: readonly Entry[],
    private readonly path: string,
  ) {}

  /**
   * Opens a journal for going on: entries already there are replayed in order. A last line that a crash cut short is
   * dropped.
   * @throws LupineError 'journal-damaged'
   */
  static open(path: string): FileJournal {
    const entries: Entry[] = []
    if (existsSync(path)) {
      const text = readFileSync(path, 'utf8')
      const lines = text.split('\n')
      let kept = 0
      lines.forEach((line, i) => {
        if (line === '') return
        try {
          entries.push(JSON.parse(line) as Entry)
          kept += Buffer.byteLength(line) + 1
        } catch (error) {
          if (i < lines.length - 1)
            throw fail(
              'input',
              'journal-damaged',
              `${path}: line ${i + 1} is not JSON.`,
              'Restore the file, or start a new run.',
              error,
            )
        }
      })
      if (kept < Buffer.byteLength(text)) truncateSync(path, kept)
    }
    return new FileJournal(openSync(path, 'a'), entries, path)
  }

  /** Entries of these kinds (all, when none is named) that were taken from the file so far. */
  replayed(...kinds: string[]): number {
    const taken = this.replay.slice(0, this.position)
    return kinds.length === 0 ? taken.length : taken.filter((entry) => kinds.includes(entry.kind)).length
  }

  /** Entries at hand to replay, read or not. */
  get recorded(): number {
    return this.replay.length
  }

  async record<T>(kind: string, key: string, produce: () => Promise<T>): Promise<T> {
    const known = this.replay[this.position]
    if (known) {
      if (known.kind !== kind || known.key !== key)
        throw fail(
          'input',
          'journal-differs',
          `${this.path}: entry ${this.position + 1} is ${known.kind} "${known.key}", but this run asks for ${kind} "${key}".`,
          'The run was made with other settings or another version of Lupine; start a new run.',
        )
      this.position += 1
      return known.value as T
    }
    const value = await produce()
    writeSync(this.descriptor, `${JSON.stringify({ kind, key, value })}\n`)
    fsyncSync(this.descriptor)
    return value
  }

  close(): void {
    closeSync(this.descriptor)
  }
}
