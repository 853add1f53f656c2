import { z } from 'zod'
import { openQuestion } from './ask'
import { jobEvent } from './events'
import { failureSchema } from './failure'
import { fileEntry } from './files'

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
  /** The answer to a question; null: the person would rather not. */
  z.object({
    type: z.literal('reply'),
    id,
    question: z.number().int().nonnegative(),
    answer: z.string().max(4096).nullable(),
    remember: z.boolean().default(false),
  }),
])
/** As a client writes it, and as it is read. */
export type ClientMessage = z.input<typeof clientMessage>
export type ReadMessage = z.output<typeof clientMessage>

const result = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), value: z.unknown() }),
  z.object({ ok: z.literal(false), failure: failureSchema }),
])

export const serverMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('answer'), id, result }),
  z.object({ type: z.literal('event'), event: jobEvent }),
  /**
   * This client did not read for so long that it isn't sent all it missed. In place of the job's events `from` … `to` - 1
   * come those of them that a view can't do without (the snapshot): stages, notes, the last progress, the best candidates
   * and a sample of the others.
   */
  z.object({ type: z.literal('gap'), job: z.string(), from: z.number(), to: z.number(), kept: z.array(jobEvent) }),
  /** Somebody has to answer. Sent to every window, and to those that come later while it stands. */
  z.object({ type: z.literal('question'), question: openQuestion }),
  /** It has been answered elsewhere, or nobody waits for the answer any more. */
  z.object({ type: z.literal('settled'), question: z.number() }),
  /** From the native menu: do what this command says (commands.ts). */
  z.object({ type: z.literal('command'), command: z.string() }),
  /** From the system: a file was dropped on the program's icon, double-clicked, or taken from the recent ones. */
  z.object({ type: z.literal('open'), entry: fileEntry }),
])
export type ServerMessage = z.infer<typeof serverMessage>

/** The longest message a client may send; requests are names, paths and options, never tensors or files. */
export const longestClientMessage = 1024 * 1024
