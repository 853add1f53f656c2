import type { z } from 'zod'
import { fail, type LupineError } from '../../core/failure'
import { channelTrouble } from '../transports/ssh-errors'
import type { Program } from '../transports/transport'
import { LineReader } from './lines'
import { answer, hello, longestLine, type Hello, type Refusal } from './protocol'
import { silent } from './refusals'
import { plainText, plainValue } from './text'

/** Bytes that may come which are no answers: greetings of a shell, kernel messages. */
const mostNoise = 1 << 20

export interface RequestOptions {
  /** ms without a sign of life of the agent's after which it counts as gone. */
  readonly silence?: number
  /** ms without progress. */
  readonly limit?: number
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (progress: Record<string, unknown>) => void
}

interface Pending {
  readonly schema: z.ZodType
  readonly resolve: (value: never) => void
  readonly reject: (error: unknown) => void
  readonly onProgress: (progress: Record<string, unknown>) => void
  readonly heard: (progress: boolean) => void
  readonly settle: () => void
}

/** A refusal of the agent's, by its name; `link` turns most of them into failures, its users the rest. */
export class AgentRefusal extends Error {
  constructor(readonly refusal: Refusal) {
    super(`${refusal.code}: ${refusal.message}`)
  }
}

/** Requests to an agent and its answers, over the standard streams of its program. Trusts nothing that comes back. */
export class AgentLink {
  private readonly pending = new Map<number, Pending>()
  private next = 1
  private noise = 0
  private tail = ''
  private greeting: ((hello: Hello) => void) | undefined
  private gone: LupineError | undefined
  private readonly waiting: Promise<Hello>
  private refuseHello: (error: unknown) => void = () => undefined

  /** @param place the board, for messages @param onGone told once, when the agent has gone by itself */
  constructor(
    private readonly program: Program,
    private readonly place: string,
    private readonly onGone: (why: LupineError) => void = () => undefined,
  ) {
    this.waiting = new Promise<Hello>((resolve, reject) => {
      this.greeting = resolve
      this.refuseHello = reject
    })
    this.waiting.catch(() => undefined)
    const reader = new LineReader(longestLine, (line) => this.take(line))
    program.stdout.on('data', (chunk: Buffer) => {
      if (!this.gone && !reader.push(chunk)) this.end(this.babble(`a line of more than ${longestLine >> 20} MB`))
    })
    program.stderr.on('data', (chunk: Buffer) => {
      this.tail = (this.tail + chunk.subarray(-2000).toString('utf8')).slice(-2000)
    })
    program.stdin.on('error', () => undefined)
    void program.ended.then(({ code, signal }) => {
      const how = signal ? `by signal ${signal}` : `with exit code ${code}`
      const said = plainText(this.tail, 500).trim()
      if (code === undefined && !signal) return this.end(channelTrouble({}, place))
      this.end(
        fail(
          'device',
          'agent-died',
          `Lupine's agent on ${place} ended ${how}${said ? `: ${said}` : ''}.`,
          'Run again; if it happens twice, look at the memory that is free on the board.',
        ),
      )
    })
  }

  /** The agent's first line. @throws LupineError 'agent-died', 'device-silent' */
  async hello(limit = 30_000): Promise<Hello> {
    const timer = setTimeout(() => this.end(silent(this.place, limit)), limit)
    try {
      return await this.waiting
    } finally {
      clearTimeout(timer)
    }
  }

  /**
   * @throws AgentRefusal what the agent says it cannot do; LupineError 'device-silent', 'device-babble',
   * 'agent-died', 'device-answer'; the signal's reason once it aborts
   */
  request<S extends z.ZodType>(
    method: string,
    params: object,
    schema: S,
    options: RequestOptions = {},
  ): Promise<z.infer<S>> {
    if (this.gone) return Promise.reject(this.gone)
    const { silence = 30_000, limit = 60_000, signal, onProgress = () => undefined } = options
    if (signal?.aborted) return Promise.reject(signal.reason as Error)
    const id = this.next++
    return new Promise((resolve, reject) => {
      const quiet = setTimeout(() => this.end(silent(this.place, silence)), silence)
      const late = setTimeout(() => this.end(silent(this.place, limit)), limit)
      const abort = (): void => {
        this.pending.get(id)?.settle()
        this.send({ id: this.next++, method: 'cancel' })
        reject(signal!.reason as Error)
      }
      signal?.addEventListener('abort', abort, { once: true })
      const settle = (): void => {
        clearTimeout(quiet)
        clearTimeout(late)
        signal?.removeEventListener('abort', abort)
        this.pending.delete(id)
      }
      const heard = (progress: boolean): void => {
        quiet.refresh()
        if (progress) late.refresh()
      }
      this.pending.set(id, { schema, resolve, reject, onProgress, heard, settle })
      this.send({ id, method, params })
    })
  }

  /** Ends the agent; whoever still waits hears `why`. */
  end(why: LupineError): void {
    if (this.gone) return
    this.gone = why
    this.refuseHello(why)
    for (const { settle, reject } of [...this.pending.values()]) {
      settle()
      reject(why)
    }
    this.program.close()
    this.onGone(why)
  }

  private send(message: object): void {
    if (this.program.stdin.writable) this.program.stdin.write(`${JSON.stringify(message)}\n`)
  }

  private take(line: string): void {
    if (this.gone) return
    // Most noise is told by this; to have JSON.parse throw a million times takes long.
    if (!line.startsWith('{')) return this.ignore(line)
    let message: unknown
    try {
      message = plainValue(JSON.parse(line))
    } catch {
      return this.ignore(line)
    }
    const first = hello.safeParse(message)
    if (this.greeting && first.success) {
      this.greeting(first.data)
      this.greeting = undefined
      return
    }
    const parsed = answer.safeParse(message)
    // An id nobody waits for: cancelled meanwhile, given up, or made up.
    const waiting = parsed.success && parsed.data.id !== null ? this.pending.get(parsed.data.id) : undefined
    if (!parsed.success || !waiting) return this.ignore(line)
    const { result, error, progress } = parsed.data
    waiting.heard(progress !== undefined && !('beat' in progress))
    if (progress) return waiting.onProgress(progress)
    waiting.settle()
    if (error) return waiting.reject(new AgentRefusal(error))
    const value = waiting.schema.safeParse(result)
    if (value.success) return waiting.resolve(value.data as never)
    const [issue] = value.error.issues
    const where = issue ? ` (${issue.path.join('.') || 'result'}: ${issue.message})` : ''
    waiting.reject(
      fail(
        'device',
        'device-answer',
        `${this.place} answered something that is not an answer${where}.`,
        `Forget the board (lupine devices forget) so that Lupine's agent is copied anew.`,
      ),
    )
  }

  private ignore(line: string): void {
    this.noise += line.length + 1
    if (this.noise > mostNoise) this.end(this.babble(`more than ${mostNoise >> 20} MB that are no answers`))
  }

  private babble = (what: string) =>
    fail(
      'device',
      'device-babble',
      `${this.place} sent ${what}: this is not Lupine's agent talking.`,
      'Look at what the login shell and other programs print there; restart the board.',
    )
}
