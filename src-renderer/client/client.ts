import type { z } from 'zod'
import {
  calls,
  jobSummary,
  type CallName,
  type CallRequest,
  type CallResult,
  type JobEvent,
  type JobName,
  type JobRequest,
  type JobSummary,
  type TerminalRequest,
} from '../../src-main/contract'
import { serverMessage, type ClientMessage, type ServerMessage } from '../../src-main/contract/wire'
import type { Failure, Result } from '../../src-main/core/failure'
import { createTerminals, type OpenTerminal, type TerminalListener } from './terminals'
import type { LineState, Transport } from './transport'

export interface Follower {
  onEvent(event: JobEvent): void
  /** The program doesn't know the job (any more). */
  onRefused(failure: Failure): void
  /** So many events were left out before the next one, because this page did not read for long. */
  onGap?(skipped: number): void
}

/** What the program says unasked, besides events. */
export type Notice = Extract<ServerMessage, { type: 'question' | 'settled' | 'command' | 'open' }>

/** The program, from the page. Failures are values, a broken line among them. */
export interface Client {
  call<N extends CallName>(name: N, request: CallRequest<N>): Promise<Result<CallResult<N>>>
  start<N extends JobName>(name: N, request: JobRequest<N>): Promise<Result<JobSummary>>
  /** Every event of a job from number `from` on, each once and in order, whatever happens to the line meanwhile. */
  follow(job: string, from: number, follower: Follower): void
  unfollow(job: string): void
  /** A raw terminal on a board; it ends with the line, and is not opened again by itself. */
  openTerminal(request: TerminalRequest, listener: TerminalListener): Promise<Result<OpenTerminal>>
  /** Answers a question; null: rather not. */
  reply(question: number, answer: string | null, remember?: boolean): Promise<Result<unknown>>
  /** Questions, and what the menu or the system asks for. */
  onNotice(listener: (notice: Notice) => void): void
  onState(listener: (state: LineState) => void): void
  retryNow(): void
}

export type Unnumbered = ClientMessage extends infer M ? (M extends ClientMessage ? Omit<M, 'id'> : never) : never

export function createClient(transport: Transport): Client {
  const waiting = new Map<number, (result: Result<unknown>) => void>()
  const followed = new Map<string, { next: number; follower: Follower }>()
  const stateListeners: ((state: LineState) => void)[] = []
  const noticeListeners: ((notice: Notice) => void)[] = []
  let state: LineState = 'connecting'
  let nextId = 0

  function ask(message: Unnumbered): Promise<Result<unknown>> {
    if (state !== 'open') return Promise.resolve({ ok: false, failure: notConnected })
    const id = nextId++
    return new Promise((resolve) => {
      waiting.set(id, resolve)
      transport.send({ ...message, id } as ClientMessage)
    })
  }

  const terminals = createTerminals(ask)

  async function subscribe(job: string): Promise<void> {
    const entry = followed.get(job)
    if (!entry || state !== 'open') return
    const result = await ask({ type: 'subscribe', job, from: entry.next })
    if (result.ok || result.failure === lineBroke || followed.get(job) !== entry) return
    followed.delete(job)
    entry.follower.onRefused(result.failure)
  }

  function receiveEvent(event: JobEvent): void {
    const entry = followed.get(event.job)
    if (!entry || event.n < entry.next) return
    // A gap can't be drawn over: ask again from where we are.
    if (event.n > entry.next) return void subscribe(event.job)
    entry.next++
    entry.follower.onEvent(event)
  }

  /** The snapshot in place of what was missed: its events have numbers with holes between them. */
  function receiveGap({ job, from, to, kept }: Extract<ServerMessage, { type: 'gap' }>): void {
    const entry = followed.get(job)
    if (!entry || to <= entry.next) return
    if (from > entry.next) return void subscribe(job)
    const { next, follower } = entry
    const unseen = kept.filter((event) => event.n >= next)
    entry.next = to
    follower.onGap?.(to - next - unseen.length)
    for (const event of unseen) follower.onEvent(event)
  }

  function receive(message: ServerMessage): void {
    switch (message.type) {
      case 'event':
        return receiveEvent(message.event)
      case 'gap':
        return receiveGap(message)
      case 'answer':
        waiting.get(message.id)?.(message.result)
        return void waiting.delete(message.id)
      case 'terminal':
      case 'terminal-ended':
        return terminals.receive(message)
      default:
        for (const listener of noticeListeners) listener(message)
    }
  }

  function change(next: LineState): void {
    state = next
    if (next === 'open') for (const job of followed.keys()) void subscribe(job)
    else {
      for (const resolve of waiting.values()) resolve({ ok: false, failure: lineBroke })
      waiting.clear()
      terminals.breakOff(lineBroke)
    }
    for (const listener of stateListeners) listener(next)
  }

  const client: Client = {
    call: async (name, request) => checked(calls[name].result, await ask({ type: 'call', name, request })),
    start: async (name, request) => checked(jobSummary, await ask({ type: 'start', name, request })),
    follow(job, from, follower) {
      followed.set(job, { next: from, follower })
      void subscribe(job)
    },
    unfollow(job) {
      if (followed.delete(job)) void ask({ type: 'unsubscribe', job })
    },
    openTerminal: (request, listener) => terminals.open(request, listener),
    reply: (question, answer, remember = false) => ask({ type: 'reply', question, answer, remember }),
    onNotice: (listener) => void noticeListeners.push(listener),
    onState(listener) {
      stateListeners.push(listener)
      listener(state)
    },
    retryNow: () => transport.retryNow(),
  }
  transport.open({
    onMessage(input) {
      const message = serverMessage.safeParse(input)
      if (message.success) receive(message.data)
      else console.error('A message that is not in the contract was dropped:', message.error.issues[0])
    },
    onState: change,
  })
  return client
}

/** The value as the contract has it; a program of another version may send something else. */
function checked<T>(schema: z.ZodType, result: Result<unknown>): Result<T> {
  if (!result.ok) return result
  const parsed = schema.safeParse(result.value)
  return parsed.success ? { ok: true, value: parsed.data as T } : { ok: false, failure: badAnswer }
}

const notConnected: Failure = {
  kind: 'work',
  code: 'not-connected',
  message: 'There is no connection to the program.',
  hint: 'It is tried again by itself; then do this once more.',
}
const lineBroke: Failure = { ...notConnected, code: 'line-broke', message: 'The connection broke before the answer.' }
const badAnswer: Failure = {
  kind: 'work',
  code: 'bad-answer',
  message: 'The program’s answer can’t be read; it may be of another version than this page.',
  hint: 'Reload the page.',
}
