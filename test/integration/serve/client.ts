import { once } from 'node:events'
import { request, type IncomingHttpHeaders } from 'node:http'
import { WebSocket } from 'ws'
import type { CallName, CallRequest, CallResult } from '../../../src-main/contract'
import type { Result } from '../../../src-main/core/failure'
import { serverMessage, type ClientMessage, type ServerMessage } from '../../../src-main/contract/wire'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A request whose path goes out exactly as written (fetch would tidy it up), with the headers of the caller's choice. */
export function get(url: string, path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const outgoing = request({ hostname, port, path, headers, method, agent: false }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (text: string) => (body += text))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
    })
    outgoing.on('error', reject)
    outgoing.end()
  })
}

export const tokenOf = (url: string): string => new URL(url).searchParams.get('token') ?? ''

/** The status with which an upgrade is refused, or 101. */
export async function upgradeStatus(url: string, path: string, headers: Record<string, string> = {}): Promise<number> {
  const socket = new WebSocket(`ws://${new URL(url).host}${path}`, { headers })
  return new Promise((resolve) => {
    socket.on('open', () => (socket.close(), resolve(101)))
    socket.on('unexpected-response', (_, response) => (socket.terminate(), resolve(response.statusCode ?? 0)))
    socket.on('error', () => undefined)
  })
}

/** A small client of the wire, independent of the renderer's. */
export class TestClient {
  readonly messages: ServerMessage[] = []
  private nextId = 0
  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => this.messages.push(serverMessage.parse(JSON.parse(data.toString()))))
  }

  static async open(url: string): Promise<TestClient> {
    const { host } = new URL(url)
    const socket = new WebSocket(`ws://${host}/line`, { headers: { authorization: `Bearer ${tokenOf(url)}` } })
    // Before it is open: what stands is told at once.
    const client = new TestClient(socket)
    await once(socket, 'open')
    return client
  }

  async ask(message: DistributiveOmit<ClientMessage, 'id'>): Promise<Extract<ServerMessage, { type: 'answer' }>> {
    const id = this.nextId++
    this.socket.send(JSON.stringify({ ...message, id }))
    return until(() => this.messages.find((one) => one.type === 'answer' && one.id === id)) as never
  }

  events(): number[] {
    return this.messages.flatMap((message) => (message.type === 'event' ? [message.event.n] : []))
  }
}

/** Typed calls of a client that a test file opens later: the whole answer, its value, or the code it failed with. */
export function callsOf(client: () => TestClient) {
  const call = async <N extends CallName>(name: N, request: CallRequest<N>): Promise<Result<CallResult<N>>> =>
    (await client().ask({ type: 'call', name, request })).result as Result<CallResult<N>>
  const ok = async <N extends CallName>(name: N, request: CallRequest<N>): Promise<CallResult<N>> => {
    const result = await call(name, request)
    if (!result.ok) throw new Error(result.failure.message)
    return result.value
  }
  const code = async <N extends CallName>(name: N, request: CallRequest<N>): Promise<string> => {
    const result = await call(name, request)
    return result.ok ? 'ok' : result.failure.code
  }
  return { call, ok, code }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never

/** Polls until something truthy comes. */
export async function until<T>(look: () => T | undefined | false, withinMs = 5000): Promise<T> {
  const end = Date.now() + withinMs
  for (;;) {
    const found = look()
    if (found) return found
    if (Date.now() > end) throw new Error(`Not within ${withinMs} ms: ${String(look)}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
