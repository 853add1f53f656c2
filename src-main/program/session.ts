import { calls, jobs, type CallName, type CallRequest, type JobEvent, type JobName, type JobRequest } from '../contract'
import { clientMessage, type ReadMessage, type ServerMessage } from '../contract/wire'
import { fail, succeed, toFailure, type Result } from '../core/failure'
import { thinEvents } from '../runs/thin'
import type { Program } from './program'
import { SessionTerminals } from './session-terminals'

/** One client's line to the program, whatever carries it. */
export interface Session {
  /** A message as it came off the line, not yet trusted. */
  receive(message: unknown): void
  /** The line has room again after `send` returned false. */
  drained(): void
  /** The client has gone. Its jobs go on. */
  close(): void
}

/** Puts a message on the line; false = taken, but the line is full: no events until `drained`. */
export type Send = (message: ServerMessage) => boolean

/** More than a window ever has open; a client that exceeds it is broken, and hears so instead of growing the heap. */
const mostCallsAtOnce = 64
const mostSubscriptions = 64

/**
 * A client that let its line be full this long (ms), and then is so many events behind, gets a snapshot in their place: it
 * shows the present sooner, and what it missed is in the project's files.
 */
const stalledAfter = 5000
const manyBehind = 500

interface Subscription {
  /** The number of the next event to send. */
  next: number
  stop: () => void
}

/**
 * The message handler behind every door with a window (serve's WebSocket, the shell's IPC).
 *
 * Events are never queued here for a slow client. When the line is full, all subscriptions stop and remember their
 * next number; `drained` takes them up from there, since the program keeps every job's events anyway. A window's requests
 * name files by ids; they get their paths here.
 */
export function createSession(program: Program, send: Send, stalledAfterMs = stalledAfter): Session {
  const subscriptions = new Map<string, Subscription>()
  let callsAtOnce = 0
  let full = false
  let fullSince = 0
  let closed = false

  const put = (message: ServerMessage): void => {
    if (closed || send(message) || full) return
    full = true
    fullSince = performance.now()
    for (const subscription of subscriptions.values()) subscription.stop()
  }

  const terminals = new SessionTerminals(program, put)

  const answer = (id: number, result: Result<unknown>): void => put({ type: 'answer', id, result })

  function listen(job: string, from: number, stalled = false): void {
    subscriptions.get(job)?.stop()
    const subscription: Subscription = { next: from, stop: () => undefined }
    subscriptions.set(job, subscription)
    if (full) return
    let live = true
    let missed: JobEvent[] | undefined = stalled ? [] : undefined
    const onEvent = (event: JobEvent): void => {
      if (missed) return void missed.push(event)
      // The program may still be handing over past events after the line has filled up.
      if (!live || event.n < subscription.next) return
      subscription.next = event.n + 1
      put({ type: 'event', event })
    }
    subscription.stop = () => (live = false)
    const unsubscribe = program.subscribe(job, from, onEvent)
    if (missed) {
      const late = missed
      missed = undefined
      if (late.length <= manyBehind) late.forEach(onEvent)
      else {
        subscription.next = late.at(-1)!.n + 1
        put({ type: 'gap', job, from, to: subscription.next, kept: thinEvents(late) })
      }
    }
    if (live) subscription.stop = () => ((live = false), unsubscribe())
    else unsubscribe()
  }

  function subscribe(job: string, from: number): Result<unknown> {
    if (!subscriptions.has(job) && subscriptions.size >= mostSubscriptions)
      throw fail(
        'usage',
        'too-many-subscriptions',
        `This line already follows ${mostSubscriptions} jobs.`,
        'Unsubscribe from one.',
      )
    try {
      listen(job, from)
    } catch (error) {
      subscriptions.delete(job)
      throw error
    }
    return succeed({})
  }

  function unsubscribe(job: string): Result<unknown> {
    subscriptions.get(job)?.stop()
    subscriptions.delete(job)
    return succeed({})
  }

  async function carryOut(message: ReadMessage): Promise<Result<unknown>> {
    switch (message.type) {
      case 'call':
        if (!Object.hasOwn(calls, message.name)) throw unknownName('call', message.name)
        // The program checks the request against the contract; here it only has the name's type.
        return program.call(message.name as CallName, (await admitted(message)) as CallRequest<CallName>)
      case 'start':
        if (!Object.hasOwn(jobs, message.name)) throw unknownName('job', message.name)
        return program.start(message.name as JobName, (await admitted(message)) as JobRequest<JobName>)
      case 'subscribe':
        return subscribe(message.job, message.from)
      case 'unsubscribe':
        return unsubscribe(message.job)
      case 'reply':
        if (!program.windows?.questions.reply(message.question, message.answer, message.remember)) throw notAsked()
        return succeed({})
      case 'open-terminal': {
        const { request } = message
        const device = (await program.windows?.admitDevice(request.device)) ?? request.device
        return succeed(await terminals.open({ ...message, request: { ...request, device } }))
      }
      case 'type':
        await terminals.type(message)
        return succeed({})
      case 'taken':
        terminals.taken(message)
        return succeed({})
      case 'resize-terminal':
        terminals.resize(message)
        return succeed({})
      case 'close-terminal':
        await terminals.close(message.terminal)
        return succeed({})
    }
  }

  const admitted = ({ type, name, request }: Extract<ReadMessage, { type: 'call' | 'start' }>): Promise<unknown> =>
    program.windows?.admit(type, name, request) ?? Promise.resolve(request)

  async function receive(input: unknown): Promise<void> {
    const parsed = clientMessage.safeParse(input)
    if (!parsed.success) {
      const id = idOf(input)
      if (id !== undefined) answer(id, { ok: false, failure: badMessage(parsed.error.issues[0]).failure })
      return
    }
    const message = parsed.data
    if (callsAtOnce >= mostCallsAtOnce) {
      answer(message.id, { ok: false, failure: tooManyCalls().failure })
      return
    }
    callsAtOnce++
    try {
      answer(message.id, await carryOut(message))
    } catch (error) {
      answer(message.id, { ok: false, failure: toFailure(error) })
    } finally {
      callsAtOnce--
    }
  }

  const stopListening = program.windows?.questions.listen(put)

  return {
    receive: (message) => void receive(message),
    drained() {
      if (!full || closed) return
      full = false
      const stalled = performance.now() - fullSince >= stalledAfterMs
      for (const [job, { next }] of [...subscriptions]) {
        try {
          listen(job, next, stalled)
        } catch {
          // The job has gone meanwhile; a client that asks for it again hears why.
          subscriptions.delete(job)
        }
      }
    },
    close() {
      closed = true
      stopListening?.()
      terminals.closeAll()
      for (const subscription of subscriptions.values()) subscription.stop()
      subscriptions.clear()
    },
  }
}

const unknownName = (what: string, name: string) =>
  fail(
    'usage',
    'unknown-name',
    `There is no ${what} named “${name.slice(0, 80)}”.`,
    'The names are in src-main/contract.',
  )

const notAsked = () =>
  fail('usage', 'not-asked', 'Nobody waits for this answer any more.', 'It was answered elsewhere, or came too late.')

const badMessage = (issue: { path: PropertyKey[]; message: string } | undefined) =>
  fail(
    'usage',
    'bad-message',
    `The message is not one of the contract's: ${issue ? `${issue.path.join('.') || 'message'}: ${issue.message}` : 'unreadable'}.`,
    'The messages are in src-main/contract/wire.ts.',
  )

const tooManyCalls = () =>
  fail(
    'usage',
    'too-many-calls',
    `${mostCallsAtOnce} calls are still unanswered on this line.`,
    'Wait for answers first.',
  )

/** The id of a message that is otherwise unreadable, so that its sender need not wait for ever. */
function idOf(message: unknown): number | undefined {
  if (typeof message !== 'object' || message === null || !('id' in message)) return undefined
  return Number.isSafeInteger(message.id) && (message.id as number) >= 0 ? (message.id as number) : undefined
}
