import { homedir } from 'node:os'
import { join } from 'node:path'

/** What ~/.ssh/config says of a host. */
export interface SshSettings {
  readonly hostName?: string
  readonly port?: number
  readonly user?: string
  /** With ~ and %-tokens resolved. */
  readonly identityFiles: readonly string[]
  readonly identitiesOnly: boolean
  readonly identityAgent?: string
  readonly proxy?: string
}

/**
 * Reads an OpenSSH client configuration for a host: as ssh does, the first value of a key counts, IdentityFile adds up.
 * `Match` blocks other than `Match all` are passed over, `Include` is not followed.
 */
export function sshSettings(text: string, host: string, home = homedir()): SshSettings {
  const first = new Map<string, string>()
  const identities: string[] = []
  let applies = true
  for (const line of text.split(/\r?\n/)) {
    const [, name, rest] = /^\s*([A-Za-z]+)(?:\s*=\s*|\s+)(.*?)\s*$/.exec(line) ?? []
    if (!name || rest === undefined) continue
    const [key, value] = [name.toLowerCase(), rest.replace(/^"(.*)"$/, '$1')]
    if (key === 'host') applies = hostMatches(host, value.split(/\s+/))
    else if (key === 'match') applies = value.toLowerCase() === 'all'
    else if (!applies) continue
    else if (key === 'identityfile') identities.push(value)
    else if (!first.has(key)) first.set(key, value)
  }
  const hostName = first.get('hostname')?.replaceAll('%h', host)
  const user = first.get('user')
  const resolve = (path: string): string =>
    path
      .replace(/^~(?=\/|$)/, home)
      .replace(/%([dhr%])/g, (_, token: string) =>
        token === 'd' ? home : token === 'h' ? (hostName ?? host) : token === 'r' ? (user ?? '') : '%',
      )
  const port = Number(first.get('port'))
  const agent = first.get('identityagent')
  const proxy = [first.get('proxyjump'), first.get('proxycommand')].find((value) => value && value !== 'none')
  return {
    ...(hostName && { hostName }),
    ...(Number.isInteger(port) && port > 0 && { port }),
    ...(user && { user }),
    identityFiles: identities.filter((path) => path !== 'none').map(resolve),
    identitiesOnly: first.get('identitiesonly')?.toLowerCase() === 'yes',
    ...(agent && { identityAgent: resolve(agent) }),
    ...(proxy && { proxy }),
  }
}

/** Keys that ssh tries when none is named. */
export const defaultIdentities = (home = homedir()): string[] =>
  ['id_ed25519', 'id_ecdsa', 'id_rsa'].map((name) => join(home, '.ssh', name))

/** A line of patterns: one must fit, and none that begins with "!" may. */
function hostMatches(host: string, patterns: readonly string[]): boolean {
  const fits = (pattern: string): boolean => {
    const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&')
    return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'i').test(host)
  }
  if (patterns.some((pattern) => pattern.startsWith('!') && fits(pattern.slice(1)))) return false
  return patterns.some((pattern) => !pattern.startsWith('!') && fits(pattern))
}
