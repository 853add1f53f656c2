import { z } from 'zod'
import { openQuestion } from './ask'
import { jobEvent } from './events'
import { failureSchema } from './failure'
import { fileEntry } from './files'
import { bytes, mostTerminalBytes, terminalRequest, terminalSize } from './terminal'

/**
 * How calls, jobs and events are framed on a line between a window and the program: the same messages over
 * `lupine serve`'s WebSocket and over Electron's IPC. A client numbers its messages; each gets one answer.
 */
const id = z.number().int().nonnegative()
const terminal = z.number().int().nonnegative()

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
  /** Answered with its number once it is there (terminal.ts). It ends with this line, at the latest. */
  z.object({ type: z.literal('open-terminal'), id, request: terminalRequest }),
  /** Typed. Answered when it is on its way: whoever waits for that never fills a slow line. */
  z.object({ type: z.literal('type'), id, terminal, data: bytes.max(Math.ceil(mostTerminalBytes / 3) * 4) }),
  /** So many more bytes of it have been shown: as many more may come. */
  z.object({ type: z.literal('taken'), id, terminal, bytes: z.number().int().positive() }),
  z.object({ type: z.literal('resize-terminal'), id, terminal, ...terminalSize }),
  z.object({ type: z.literal('close-terminal'), id, terminal }),
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
  /** What a board said on a terminal. */
  z.object({ type: z.literal('terminal'), terminal, data: bytes }),
  /** Its last message; without a failure when the shell ended or it was closed. */
  z.object({ type: z.literal('terminal-ended'), terminal, failure: failureSchema.optional() }),
  /** From the native menu: do what this command says (commands.ts). */
  z.object({ type: z.literal('command'), command: z.string() }),
  /** From the system: a file was dropped on the program's icon, double-clicked, or taken from the recent ones. */
  z.object({ type: z.literal('open'), entry: fileEntry }),
])
export type ServerMessage = z.infer<typeof serverMessage>

/** The longest message a client may send; requests are names, paths and options, never tensors or files. */
export const longestClientMessage = 1024 * 1024
