import { open, stat } from 'node:fs/promises'
import { jobEvent, type JobEvent } from '../contract'
import { fail } from '../core/failure'
import { lockOwner } from '../projects/lock'
import type { Layout } from '../projects/layout'
import { ForeignJob } from './foreign-job'
import { interrupted } from './job'

/** Bytes read at once; an event that is longer is none of ours. */
const chunk = 2 ** 20
const lookEveryMs = 1000

export interface Surroundings {
  /** Whether a job is one of this program's own, which speaks for itself. */
  isOwn(job: string): boolean
  /** Called when a job has turned up, before its second event. */
  onJob(job: ForeignJob): void
  readonly everyMs?: number
}

/**
 * Follows a project's events.jsonl, whoever writes it. Each `started` in it begins another job; only the last one is
 * kept, since a resumed run tells everything anew.
 */
export class ProjectWatch {
  private job: ForeignJob | undefined
  private lastJob: string | undefined
  private offset = 0
  private rest = ''
  /** A character may be cut in two by a chunk's end. */
  private decoder = new TextDecoder()
  private looking: Promise<void> | undefined
  private timer: NodeJS.Timeout | undefined
  private closed = false

  constructor(
    private readonly files: Layout,
    private readonly around: Surroundings,
  ) {}

  /** The last job, ours or another process's; null where none left events. */
  get current(): string | null {
    return this.lastJob ?? null
  }

  get foreign(): ForeignJob | undefined {
    return this.job
  }

  /** Reads what there is; from then on looks for more every second, until `close`. */
  async begin(): Promise<void> {
    await this.look()
    this.timer ??= setInterval(() => void this.look(), this.around.everyMs ?? lookEveryMs)
    this.timer.unref()
  }

  close(): void {
    this.closed = true
    clearInterval(this.timer)
  }

  /** What was appended since the last look; one look at a time. */
  look(): Promise<void> {
    return (this.looking ??= this.read().finally(() => (this.looking = undefined)))
  }

  private async read(): Promise<void> {
    const { size } = await stat(this.files.events).catch(() => ({ size: -1 }))
    if (size < 0) return this.judgeAbsence()
    // Not the file it was: begin again.
    if (size < this.offset) [this.offset, this.rest, this.decoder] = [0, '', new TextDecoder()]
    const announced = this.job
    if (size > this.offset) await this.readFrom(size)
    if (this.job && this.job !== announced) this.around.onJob(this.job)
    if (this.job?.state === 'running' || this.job?.state === 'paused') await this.judgeSilence(this.job)
  }

  private async readFrom(size: number): Promise<void> {
    const file = await open(this.files.events)
    try {
      const buffer = Buffer.alloc(chunk)
      while (this.offset < size && !this.closed) {
        const { bytesRead } = await file.read(buffer, 0, Math.min(chunk, size - this.offset), this.offset)
        if (bytesRead === 0) break
        const whole = this.offset + bytesRead < size ? bytesRead : lastLineEnd(buffer, bytesRead)
        if (whole === 0) break
        this.offset += whole
        this.takeLines(this.decoder.decode(buffer.subarray(0, whole), { stream: true }))
      }
    } finally {
      await file.close()
    }
  }

  private takeLines(text: string): void {
    const lines = (this.rest + text).split('\n')
    this.rest = lines.pop() ?? ''
    if (this.rest.length > chunk) this.rest = ''
    for (const line of lines) {
      const event = parseEvent(line)
      if (event) this.take(event)
    }
  }

  private take(event: JobEvent): void {
    if (event.type === 'started') {
      this.lastJob = event.job
      this.job = this.around.isOwn(event.job) ? undefined : new ForeignJob(event.job, this.files.root)
    }
    if (event.job === this.job?.id) this.job.take(event)
  }

  private async judgeSilence(job: ForeignJob): Promise<void> {
    if ((await lockOwner(this.files.lock)) !== undefined) return
    // It may have said its last word between our looks at the two files.
    const { size } = await stat(this.files.events).catch(() => ({ size: 0 }))
    if (size <= this.offset) job.end(interrupted(this.files.root))
  }

  private async judgeAbsence(): Promise<void> {
    if (await stat(this.files.root).catch(() => undefined)) return
    this.job?.end(projectGone(this.files.root).failure)
  }
}

export const projectGone = (root: string) =>
  fail(
    'input',
    'project-gone',
    `The folder ${root} is not there any more.`,
    'If it was moved, open it where it is now.',
  )

function lastLineEnd(buffer: Buffer, length: number): number {
  return buffer.subarray(0, length).lastIndexOf(10) + 1
}

function parseEvent(line: string): JobEvent | undefined {
  try {
    const parsed = jobEvent.safeParse(JSON.parse(line))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}
