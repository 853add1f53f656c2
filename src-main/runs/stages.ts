import { readFile } from 'node:fs/promises'
import { writeAtomically } from '../formats/onnx/files'
import type { Layout } from '../projects/layout'
import type { JobContext } from './job'

/**
 * Stages of a run in their order. Each one's result is kept in `stages/NAME.json`; on resume a finished stage is not
 * run again, its result is read back. Times are kept with the results.
 */
export class Stages<Name extends string> {
  readonly seconds: Partial<Record<Name, number>> = {}
  private open: { readonly name: Name; readonly at: number } | undefined

  /** @param names of those this run goes through, in order */
  constructor(
    private readonly job: JobContext,
    private readonly files: Layout,
    private readonly names: readonly Name[],
    private readonly titles: Readonly<Record<Name, string>>,
  ) {}

  /** Says that a stage begins, or goes on; the one before ends with it. */
  enter(name: Name): void {
    this.leave()
    this.job.stage(name, this.titles[name], this.names.indexOf(name), this.names.length)
    this.open = { name, at: performance.now() }
  }

  /** Ends what is under way, and counts its time. */
  leave(): void {
    if (!this.open) return
    const { name, at } = this.open
    const seconds = (this.seconds[name] ?? 0) + (performance.now() - at) / 1000
    this.seconds[name] = Math.round(seconds * 100) / 100
    this.open = undefined
  }

  /** Runs a stage, or returns what it gave before. Its result must be plain JSON. */
  async run<T>(name: Name, work: () => Promise<T>): Promise<T> {
    await this.job.gate()
    this.enter(name)
    const before = await this.kept<T>(name)
    if (before) {
      this.open = undefined
      this.seconds[name] = before.seconds
      return before.result
    }
    const result = await work()
    this.leave()
    const seconds = this.seconds[name]
    await writeAtomically(this.files.stage(name), `${JSON.stringify({ seconds, result })}\n`)
    return result
  }

  private async kept<T>(name: Name): Promise<{ seconds: number; result: T } | undefined> {
    try {
      return JSON.parse(await readFile(this.files.stage(name), 'utf8')) as { seconds: number; result: T }
    } catch {
      return undefined
    }
  }
}
