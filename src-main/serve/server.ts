import { createServer, STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { pageHeaders } from '../contract/page'
import { longestClientMessage } from '../contract/wire'
import { fail } from '../core/failure'
import type { Program } from '../program/program'
import { checkToken, createGuard, loopback, newToken, urlHost, type Guard } from './guard'
import { carrySession } from './line'
import { readPageFile, rendererFolder } from './page'
import { isTransfer, transfer } from './transfer'

export interface ServerOptions {
  /** 0, the default: any free one. */
  readonly port?: number | undefined
  /** An address or name of this computer to listen on; default: 127.0.0.1, which only this computer reaches. */
  readonly host?: string | undefined
  /** Default: a random one. */
  readonly token?: string | undefined
  /** Where the built page lies; default: out/renderer. */
  readonly page?: string | undefined
  /** ms that a client's line may be full before it counts as stalled. */
  readonly stalledAfterMs?: number | undefined
  /** How long `close` waits for jobs to be interrupted. */
  readonly closeWithinMs?: number | undefined
}

export interface RunningServer {
  /** With its token. */
  readonly url: string
  /** Interrupts jobs, tells clients, stops listening; never takes much longer than `closeWithinMs`. */
  close(): Promise<void>
}

/** Where the page's WebSocket connects. */
export const linePath = '/line'

/** Windows and scripts together; each costs little, but an endless number is a fault. */
const mostClients = 32
/** Connections of any kind: a browser opens half a dozen. What comes beyond is closed before it is read. */
const mostConnections = 256
/** ms for a request's head, and for all of it: an upload over a slow line takes its time. */
const limits = { maxHeaderSize: 16 * 1024, headersTimeout: 10_000, requestTimeout: 3_600_000 }
const goingAway = 1001

/**
 * Serves the program to this computer's browsers.
 * @throws LupineError when the port is taken or the page is not built
 */
export async function startServer(program: Program, options: ServerOptions = {}): Promise<RunningServer> {
  const page = options.page ?? rendererFolder()
  const token = options.token ? checkToken(options.token) : newToken()
  const http = createServer(limits)
  http.maxConnections = mostConnections
  const sockets = new WebSocketServer({ noServer: true, maxPayload: longestClientMessage, perMessageDeflate: false })
  const host = options.host ?? loopback
  // Pages are told from foreign ones by the address they call us by: "any" is none.
  if (['0.0.0.0', '::', ''].includes(host)) throw hostUnusable(host, 'it stands for every address')
  const port = await listen(http, options.port ?? 0, host)
  const guard = createGuard(port, token, host)

  http.on('request', (request, response) => void answer(program, guard, page, request, response))
  http.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy())
    const refusal = guard.refuse(request)
    if (refusal) return refuseUpgrade(socket, refusal.status)
    if (pathOf(request) !== linePath) return refuseUpgrade(socket, 404)
    if (sockets.clients.size >= mostClients) return refuseUpgrade(socket, 503)
    sockets.handleUpgrade(request, socket, head, (client) => carrySession(program, client, options.stalledAfterMs))
  })

  let closing: Promise<void> | undefined
  return {
    url: `http://${urlHost(host)}:${port}/?token=${guard.token}`,
    close: () => (closing ??= close(program, http, sockets, options.closeWithinMs ?? 10_000)),
  }
}

const hostUnusable = (host: string, why: string) =>
  fail(
    'usage',
    'host-unusable',
    `${host || 'Nothing'} is no address of this computer to be called by (${why}).`,
    'Leave out --host, and come through ssh -L; or give the address by which others reach this computer.',
  )

function listen(http: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    http.once('error', (error: NodeJS.ErrnoException) => {
      if (['EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN', 'EINVAL'].includes(error.code ?? ''))
        return reject(hostUnusable(host, error.code ?? ''))
      const taken = error.code === 'EADDRINUSE' || error.code === 'EACCES'
      reject(
        taken
          ? fail(
              'usage',
              'port-taken',
              `Port ${port} can't be used (${error.code}).`,
              'Leave out --port to get a free one.',
            )
          : error,
      )
    })
    http.listen(port, host, () => resolve((http.address() as AddressInfo).port))
  })
}

async function answer(
  { windows }: Program,
  guard: Guard,
  page: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const refusal = guard.refuse(request)
  if (refusal) return say(response, refusal.status, refusal.reason)
  if (windows && isTransfer(pathOf(request))) return transfer(windows, request, response)
  if (request.method !== 'GET' && request.method !== 'HEAD') return say(response, 405, 'Only GET.')
  const file = await readPageFile(page, pathOf(request))
  if (!file) return say(response, 404, 'There is nothing here.')
  const cookie = guard.cookieFor(request)
  response.writeHead(200, {
    ...pageHeaders,
    ...(cookie && { 'set-cookie': cookie }),
    'content-type': file.type,
    'content-length': file.body.length,
  })
  response.end(request.method === 'HEAD' ? undefined : file.body)
}

function say(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { ...pageHeaders, 'content-type': 'text/plain; charset=utf-8' })
  response.end(`${text}\n`)
}

function refuseUpgrade(socket: Duplex, status: number): void {
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

/** The raw path: percent-encoding and dots are readPageFile's business. */
const pathOf = (request: IncomingMessage): string => (request.url ?? '/').split(/[?#]/, 1)[0] || '/'

async function close(program: Program, http: Server, sockets: WebSocketServer, within: number): Promise<void> {
  // The program first: clients then still hear that their jobs were interrupted.
  let timer: NodeJS.Timeout | undefined
  const tooLong = new Promise<void>((resolve) => (timer = setTimeout(resolve, within)))
  await Promise.race([program.close(), tooLong]).finally(() => clearTimeout(timer))
  for (const client of sockets.clients) client.close(goingAway, 'the server was stopped')
  const stopped = new Promise<void>((resolve) => http.close(() => resolve()))
  const cut = setTimeout(() => {
    for (const client of sockets.clients) client.terminate()
    http.closeAllConnections()
  }, 500)
  http.closeIdleConnections()
  await stopped
  clearTimeout(cut)
}
