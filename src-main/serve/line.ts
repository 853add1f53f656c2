import type { RawData, WebSocket } from 'ws'
import type { ServerMessage } from '../contract/wire'
import type { Program } from '../program/program'
import { createSession } from '../program/session'

/** Bytes waiting for the client at which events stop, and at which they go on. */
const fullAt = 1024 * 1024
const roomAt = 128 * 1024
/** A client that lets this much pile up (answers it asked for and doesn't read) is cut off. */
const stuckAt = 32 * 1024 * 1024
const heartbeatEvery = 15_000
/** A page that is busy, or a computer that was asleep for a minute, reads again; one that is gone costs a megabyte. */
const missedMost = 8

/** Close codes of RFC 6455. */
const unsupportedData = 1003
const invalidPayload = 1007

/** Carries a session over a WebSocket until it closes. */
export function carrySession(program: Program, socket: WebSocket, stalledAfterMs?: number): void {
  let full = false
  const send = (message: ServerMessage): boolean => {
    if (socket.readyState !== socket.OPEN) return true
    socket.send(JSON.stringify(message), onWritten)
    if (socket.bufferedAmount > stuckAt) socket.terminate()
    full ||= socket.bufferedAmount > fullAt
    return !full
  }
  const session = createSession(program, send, stalledAfterMs)

  function onWritten(): void {
    if (!full || socket.bufferedAmount > roomAt) return
    full = false
    session.drained()
  }

  socket.on('message', (data, isBinary) => {
    if (isBinary) return socket.close(unsupportedData, 'text only')
    const message = parse(data)
    if (message === undefined) return socket.close(invalidPayload, 'not JSON')
    session.receive(message)
  })
  socket.on('error', () => socket.terminate())
  socket.on('close', () => {
    clearInterval(heartbeat)
    session.close()
  })

  // A vanished client answers no ping; without this its line would stay open for ever.
  let missed = 0
  const heartbeat = setInterval(() => {
    if (++missed > missedMost) return socket.terminate()
    socket.ping()
  }, heartbeatEvery)
  heartbeat.unref()
  socket.on('pong', () => (missed = 0))
}

function parse(data: RawData): unknown {
  try {
    // With ws' default `binaryType` a message is one buffer; the other forms of the type don't occur.
    return Buffer.isBuffer(data) ? (JSON.parse(data.toString('utf8')) as unknown) : undefined
  } catch {
    return undefined
  }
}
