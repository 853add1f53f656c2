import { z } from 'zod'
import { jobEvent } from './events'
import { failureSchema } from './failure'

/**
 * How calls, jobs and events are framed on a line between a window and the program: the same messages over
 * `lupine serve`'s WebSocket and over Electron's IPC. A client numbers its messages; each gets one answer.
 */
const id = z.number().int().nonnegative()

export const clientMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('call'), id, name: z.string(), request: z.unknown() }),
  z.object({ type: z.literal('start'), id, name: z.string(), request: z.unknown() }),
  /** Events of a job from number `from` on: past ones first, then live ones. A second one replaces the first. */
  z.object({ type: z.literal('subscribe'), id, job: z.string(), from: z.number().int().nonnegative() }),
  z.object({ type: z.literal('unsubscribe'), id, job: z.string() }),
])
export type ClientMessage = z.infer<typeof clientMessage>

const result = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), value: z.unknown() }),
  z.object({ ok: z.literal(false), failure: failureSchema }),
])

export const serverMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('answer'), id, result }),
  z.object({ type: z.literal('event'), event: jobEvent }),
])
export type ServerMessage = z.infer<typeof serverMessage>

/** The longest message a client may send; requests are names, paths and options, never tensors or files. */
export const longestClientMessage = 1024 * 1024
