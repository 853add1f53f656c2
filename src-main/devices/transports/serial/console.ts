import { randomBytes } from 'node:crypto'
import type { Ask } from '../../../contract'
import { plainText } from '../../agent/text'
import { frame } from './frames'
import type { Listener } from './listener'
import type { Port } from './port'
import { consoleBusy, inBootLoader, loginRefused, loginUnknown, nobodyThere, noText } from './serial-errors'

export interface ConsoleLogin {
  /** The board, in messages and questions. */
  readonly place: string
  readonly baud: number
  readonly user?: string | undefined
  password?: string | undefined
  readonly ask: Ask
}

/** ms */
const times = { answer: 1500, login: 20_000, boot: 90_000, talk: 10_000, settle: 300, pause: 700, silence: 8000 }

const killLine = '\x15'
/** Not "Last login: …". Kernel messages may stand behind it. */
const loginPrompt = /(?<!last )login: ?/i
const passwordPrompt = /password(?: for [^:\n]+)?: ?/i
const badLogin = /login incorrect|authentication failure|permission denied|timed out/i
/** The agent, or the shell that ran it, of a host that went away without a word. */
const leftBehind = /~[DAKN][0-9a-f]{8}|lupine-[0-9a-f]{8}:/

/**
 * Brings a console, in whatever state it is, to the prompt of a shell. What is half typed is discarded, what is
 * running is left alone.
 * @returns whether it had to log in
 * @throws LupineError 'serial-silent', 'serial-baud', 'console-busy', 'console-bootloader', 'login-refused'
 */
export async function reachShell(port: Port, heard: Listener, login: ConsoleLogin, signal?: AbortSignal) {
  const { place, baud } = login
  // A board that starts says much; nothing is typed meanwhile, lest its boot loader take that for a wish.
  await heard.until(/[^\0]/, times.settle, signal)
  if (heard.said !== '') await heard.quiet(times.pause, times.talk, signal)
  if (/U-Boot/.test(heard.said)) await heard.quiet(3000, times.boot, signal)
  const end = performance.now() + times.boot
  let silentSince = performance.now()
  for (let tries = 0; performance.now() < end; tries++) {
    if (/stop autoboot/i.test(heard.said)) await heard.until(/starting kernel/i, 6000, signal)
    heard.clear()
    port.write(`${killLine}\n`)
    await heard.until(/[^\s\0]/, times.answer, signal)
    await heard.quiet(times.settle, times.answer, signal)
    const said = heard.said
    if (said.trim() === '') {
      if (performance.now() - silentSince > times.silence) throw nobodyThere(place, baud)
      // An agent that was left behind says nothing to what is no frame.
      port.write(frame('X'))
      continue
    }
    if (heard.garbled) throw noText(place, baud)
    silentSince = performance.now()
    if (leftBehind.test(said)) {
      port.write(frame('X'))
      port.write('END\n')
      await heard.quiet(times.answer, times.login, signal)
    } else if (loginPrompt.test(said)) {
      await logIn(port, heard, login, signal)
      return { loggedIn: true }
    } else if (passwordPrompt.test(said)) {
      // Somebody's half login: let it fail.
      heard.clear()
      port.write('\n')
      await heard.until(loginPrompt, times.login, signal)
    } else if (/^(=>|U-Boot>|\w+ #) ?$/m.test(said.trimEnd())) throw inBootLoader(place)
    else if (await isShell(port, heard, signal)) return { loggedIn: false }
    else if (/(^|\n)(\w*quote)?> $/.test(said)) port.write('\x03')
    else if (tries >= 3) throw consoleBusy(place, lastLine(said))
  }
  throw consoleBusy(place, lastLine(heard.said))
}

const lastLine = (text: string): string =>
  plainText(text.replace(/\r/g, '').trimEnd().split('\n').at(-1) ?? '', 60).trim()

/** A shell puts quoted halves together; everybody else only echoes them. */
async function isShell(port: Port, heard: Listener, signal?: AbortSignal): Promise<boolean> {
  const token = randomBytes(4).toString('hex')
  heard.clear()
  port.write(` echo "lupi""ne ${token}"\n`)
  return (await heard.until(new RegExp(`lupine ${token}`), 2000, signal)) !== null
}

async function logIn(port: Port, heard: Listener, login: ConsoleLogin, signal?: AbortSignal): Promise<void> {
  const { place } = login
  const user = login.user ?? (await login.ask({ kind: 'user', text: `User name on ${place}: ` }))
  if (!user) throw loginUnknown(place, 'user')
  for (let tries = 0; tries < 4; tries++) {
    heard.clear()
    port.write(`${user}\n`)
    const answer = await heard.until(new RegExp(`${passwordPrompt.source}|[$#%>] ?$`, 'i'), times.login, signal)
    // An echo that is not what was typed: a bad line, or a prompt that was not ready yet.
    const arrived = heard.said.replace(/\s/g, '').includes(user)
    if (!answer || !arrived) {
      port.write(answer && passwordPrompt.test(answer[0]) ? '\n' : `${killLine}\n`)
      heard.clear()
      await heard.until(loginPrompt, times.login, signal)
      continue
    }
    if (!passwordPrompt.test(answer[0])) return
    login.password ??= await login.ask({
      kind: 'password',
      text: `Password of ${user} on ${place}: `,
      of: `${user} on ${place}`,
    })
    if (login.password === undefined) {
      port.write('\n')
      throw loginUnknown(place, 'password')
    }
    heard.clear()
    port.write(`${login.password}\n`)
    const after = await heard.until(
      new RegExp(`${badLogin.source}|${loginPrompt.source}|[$#%>] ?(\x1b\\[[0-9;?]*[a-z])*$`, 'i'),
      times.login,
      signal,
    )
    if (after && (badLogin.test(after[0]) || loginPrompt.test(after[0]))) throw loginRefused(place, user)
    await heard.quiet(times.settle, times.answer, signal)
    if (await isShell(port, heard, signal)) return
  }
  throw loginRefused(place, user)
}
