import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { fail } from '../core/failure'

/** Why a request may not come in; `status` is the HTTP answer's. */
export interface Refusal {
  readonly status: 401 | 403
  readonly reason: string
}

export interface Guard {
  readonly token: string
  /** The refusal, or undefined when the request may come in. */
  refuse(request: IncomingMessage): Refusal | undefined
  /** For a request with the token in its address: the Set-Cookie header that makes further ones do without. */
  cookieFor(request: IncomingMessage): string | undefined
}

export const newToken = (): string => randomBytes(32).toString('base64url')

/**
 * A token of the user's own choice, which goes into an address and a cookie as it is.
 * @throws LupineError when it can't
 */
export function checkToken(token: string): string {
  if (/^[\w-]{16,256}$/.test(token)) return token
  throw fail('usage', 'bad-token', 'LUPINE_TOKEN is not usable as a key.', 'Use 16 to 256 letters, digits, “-” or “_”.')
}

/**
 * Decides who may speak to the server on `port`. Three locks: the token (other users, other programs), the Host header
 * (a foreign name that resolves to 127.0.0.1), the Origin header (a foreign page in the same browser).
 * @param host what the server listens on, and is called by
 */
export function createGuard(port: number, token: string, host = loopback): Guard {
  const cookieName = `lupine-${port}`
  const names = host === loopback ? [loopback, 'localhost'] : [urlHost(host).toLowerCase()]
  const hosts = new Set(names.map((name) => `${name}:${port}`))
  const origins = new Set([...hosts].map((host) => `http://${host}`))

  const presented = (request: IncomingMessage): string | undefined =>
    tokenOfAddress(request.url) ?? bearer(request.headers.authorization) ?? cookieOf(request.headers.cookie, cookieName)

  return {
    token,
    cookieFor: ({ url }) =>
      tokenOfAddress(url) === undefined ? undefined : `${cookieName}=${token}; HttpOnly; SameSite=Strict; Path=/`,
    refuse(request) {
      const { host, origin } = request.headers
      if (host === undefined || !hosts.has(host.toLowerCase()))
        return { status: 403, reason: `This server answers only as ${names.join(' or ')}.` }
      if (origin !== undefined && !origins.has(origin.toLowerCase()))
        return { status: 403, reason: 'Requests from other sites are refused.' }
      const given = presented(request)
      if (given === undefined)
        return { status: 401, reason: 'Open the full address that “lupine serve” printed: it carries the key.' }
      if (!equal(given, token))
        return {
          status: 403,
          reason: 'This key is not valid (any more). Open the address that “lupine serve” printed last.',
        }
      return undefined
    },
  }
}

export const loopback = '127.0.0.1'

/** A host as it stands in an address. */
export const urlHost = (host: string): string => (host.includes(':') ? `[${host}]` : host)

/** Compares digests, so that neither length nor content shows in the time taken. */
const equal = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b))
const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

const bearer = (header: string | undefined): string | undefined => /^Bearer (\S+)$/i.exec(header ?? '')?.[1]

function tokenOfAddress(url: string | undefined): string | undefined {
  const query = url?.split('?', 2)[1]
  return (query && new URLSearchParams(query).get('token')) || undefined
}

function cookieOf(header: string | undefined, name: string): string | undefined {
  for (const part of header?.split(';') ?? []) {
    const at = part.indexOf('=')
    if (part.slice(0, at).trim() === name) return part.slice(at + 1).trim()
  }
  return undefined
}
