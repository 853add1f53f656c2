import { readFile } from 'node:fs/promises'
import { writeAtomically } from '../formats/onnx/files'
import type { Layout } from '../projects/layout'
import type { JobContext } from './job'

/**
 * Stages of a run in their order. Each one's result is kept in `stages/NAME.json`; on resume a finished stage is not
 * run again, its result is read back. Times are kept with the results.
 */
export class Stages<Name extends string> {
  readonly seconds: Record<string, number> = {}

  constructor(
    private readonly job: JobContext,
    private readonly files: Layout,
    private readonly titles: Readonly<Record<Name, string>>,
  ) {}

  /** Runs a stage, or returns what it gave before. Its result must be plain JSON. */
  async run<T>(name: Name, work: () => Promise<T>): Promise<T> {
    await this.job.gate()
    const names = Object.keys(this.titles)
    this.job.stage(name, this.titles[name], names.indexOf(name), names.length)
    const before = await this.kept<T>(name)
    if (before) {
      this.seconds[name] = before.seconds
      return before.result
    }
    const start = performance.now()
    const result = await work()
    const seconds = Math.round((performance.now() - start) / 10) / 100
    this.seconds[name] = seconds
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
