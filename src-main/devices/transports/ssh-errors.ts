import { fail, type LupineError } from '../../core/failure'

/** What ssh2 and Node's sockets tell of an error. */
interface SshError {
  readonly message?: string
  readonly level?: string
  readonly code?: string
}

/** Trouble that passes by itself when a board starts again; what is not in here is told at once. */
const passing = new Set([
  'port-missing',
  'serial-silent',
  'device-lost',
  'device-unreachable',
  'device-refused',
  'device-silent',
  'agent-died',
])

/** Is a failure of the kind that waiting and connecting again may mend? */
export const passes = (code: string): boolean => passing.has(code)

/** An error while connecting, by name. */
export function connectTrouble(
  { message = '', level = '', code = '' }: SshError,
  place: string,
  { host, port }: { host: string; port: number },
  tried: readonly string[],
): LupineError {
  if (level === 'client-authentication')
    return fail(
      'device',
      'login-refused',
      `${place} refused the login (tried: ${tried.length > 0 ? tried.join(', ') : 'nothing: there is no key, ssh-agent or password to try'}).`,
      'Check the user name (an unknown one looks the same) and the password: LUPINE_PASSWORD, a prompt in a terminal, or ?key=FILE.',
    )
  if (code === 'ECONNREFUSED')
    return fail(
      'device',
      'device-refused',
      `${host} is there, but nothing listens on port ${port}.`,
      'Start the ssh server on the board (sudo systemctl enable --now ssh), or give the right port.',
    )
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return fail(
      'device',
      'device-unknown-host',
      `There is no computer named ${host} here.`,
      'Check the name, or give the address in numbers (hostname -I on the board tells it).',
    )
  if (level === 'client-timeout' || ['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN'].includes(code))
    return fail(
      'device',
      'device-unreachable',
      `${place} does not answer${code ? ` (${code})` : ''}.`,
      'Is it switched on and on this network? ping it; look at its address, cable and firewall.',
    )
  // Not the board's words for a disagreement, but of a board that is just starting, or going down.
  if (/connection lost/i.test(message)) return channelTrouble({ message: message.toLowerCase() }, place)
  if (level === 'handshake' || level === 'protocol')
    return fail(
      'device',
      'ssh-handshake',
      `${place} and Lupine could not agree on how to talk ssh: ${message}.`,
      'Is it an ssh server that listens on that port, and not older than OpenSSH 6?',
    )
  return channelTrouble({ message: message || code }, place)
}

/** A connection that went away, or could not do what was asked. */
export const channelTrouble = ({ message = '' }: SshError, place: string): LupineError =>
  fail(
    'device',
    'device-lost',
    `The connection to ${place} broke${message ? `: ${message}` : ''}.`,
    'Look at its power and its network, then run again: what was measured is kept.',
  )

export const hostKeyUnknown = (place: string, type: string, print: string): LupineError =>
  fail(
    'device',
    'host-key-unknown',
    `${place} is new here: its ${type} key ${print} has not been trusted yet.`,
    'Compare it with ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub on the board, then answer yes in a terminal, or add trust=new to the address.',
  )

export const hostKeyChanged = (place: string, known: string, now: string, since: string): LupineError =>
  fail(
    'device',
    'host-key-changed',
    `The host key of ${place} is not the one trusted since ${since.slice(0, 10)}: it was ${known} and is ${now}. Somebody may be in between.`,
    'If the board was set up anew, forget the old key (lupine devices forget NAME) and connect again.',
  )
