import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fail, LupineError } from '../../core/failure'
import { hashBytes } from '../../projects/provenance'
import { channelTrouble } from '../transports/ssh-errors'
import type { Connection, Program } from '../transports/transport'
import { pythonTooOld } from './judge'
import { LineReader } from './lines'
import { AgentLink } from './link'
import { hello, installed, longestLine, protocol, type Hello } from './protocol'
import { refused, silent, transferDamaged } from './refusals'
import { plainValue } from './text'

/** Where the agent keeps itself and its files, as in lupine_agent.py: the first that exists and is the user's own. */
const folders = [
  '"${XDG_CACHE_HOME:-$HOME/.cache}/lupine"',
  ...['/var/tmp', '/tmp', '/dev/shm'].map((base) => `"${base}/lupine-$(id -u)"`),
].join(' ')

/** Exit codes of the start command. */
const absent = 87
const noPython = 127

/** Quotes for a POSIX shell; simple enough for csh and fish, which may be the login shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** As lupine_agent.py's AS_MODULE: Python keeps a module compiled. Stands between double quotes of a shell. */
const asModule =
  'import sys,importlib.util as u;s=u.spec_from_file_location(*sys.argv[1:3]);m=u.module_from_spec(s);s.loader.exec_module(m);m.start(sys.argv[3:])'

/** Runs the agent by its hash, wherever it is. */
const command = (sha: string, rest: string): string =>
  `exec sh -c ${quoted(
    `for d in ${folders}; do f="$d/agent-${sha}.py"; if [ -O "$f" ]; then exec python3 -u -c "${asModule}" agent "$f" ${rest}; fi; done; exit ${absent}`,
  )}`

/** The agent, given on stdin, run from memory. */
const installCommand =
  `exec python3 -c ` +
  quoted('import sys;s=sys.stdin.buffer.read();exec(compile(s,"agent","exec"),{"__name__":"__main__","SOURCE":s})') +
  ' install'

/** Removes what the agent made, and nothing else: a board may have a Lupine of its own. */
const removeCommand = `exec sh -c ${quoted(
  `for d in ${folders}; do if [ -O "$d" ]; then rm -rf "$d/files" "$d/tools" "$d/measuring.lock" "$d/pinned.json" "$d"/agent-* "$d/__pycache__" "$d"/profile-*; rmdir "$d" 2>/dev/null; fi; done; exit 0`,
)}`

/** Leaves nothing of the agent on a board. @throws LupineError 'not-removed', or of the connection */
export async function removeAgent(connection: Connection, place: string): Promise<void> {
  const program = await connection.start(removeCommand)
  program.stdin.end()
  const { code } = await onlyLine(program, connection, 30_000, place)
  if (code !== 0)
    throw fail(
      'device',
      'not-removed',
      `What Lupine copied to ${place} could not be removed (exit code ${code ?? 'unknown'}).`,
      'Remove ~/.cache/lupine there by hand.',
    )
}

export interface AgentSource {
  readonly bytes: Uint8Array
  readonly sha256: string
}

export async function agentSource(path: string): Promise<AgentSource> {
  const bytes = await readFile(path)
  return { bytes, sha256: hashBytes(bytes) }
}

/**
 * Starts the agent on a board, copying it there first unless the same one is there already.
 * @throws LupineError 'board-no-python', 'board-python', 'agent-not-copied', 'disk-full', 'read-only', 'agent-foreign',
 * or of the connection
 */
export async function startAgent(
  connection: Connection,
  source: AgentSource,
  place: string,
  onGone?: (why: LupineError) => void,
): Promise<AgentLink> {
  for (const copied of [false, true]) {
    const program = await connection.start(command(source.sha256, 'serve'), true)
    const link = new AgentLink(program, place, onGone && ((why) => onGone(why)))
    // Whichever comes first: its greeting, or its end.
    const first = await Promise.race([
      link.hello().then(
        (hello) => ({ hello }),
        (error: unknown) => ({ error }),
      ),
      program.ended.then(({ code }) => ({ code })),
    ])
    if ('hello' in first) {
      const { hello } = first
      checkPython(hello, place)
      if (hello.lupine === protocol && hello.sha256 === source.sha256) return link
      link.end(foreign(place))
    } else if ('error' in first) {
      const { code } = await Promise.race([program.ended, Promise.resolve({ code: undefined })])
      if (code !== absent) throw code === noPython ? pythonMissing(place) : first.error
    } else if (first.code === noPython) throw pythonMissing(place)
    else if (first.code !== absent) throw await link.hello().catch((error: unknown) => error)
    if (copied) throw foreign(place)
    await install(connection, source, place)
  }
  throw foreign(place)
}

async function install(connection: Connection, { bytes }: AgentSource, place: string): Promise<void> {
  const program = await connection.start(installCommand)
  program.stdin.on('error', () => undefined)
  program.stdin.end(Buffer.from(bytes))
  const { said, code } = await onlyLine(program, connection, 60_000, place)
  if (code === noPython) throw pythonMissing(place)
  if (!said) throw notCopied(place, code)
  checkPython(said, place)
  if (said.error) throw refused(place, said.error)
  if (!installed.safeParse(said.result).success) throw notCopied(place, code)
}

/**
 * Sends a large file (a path, or bytes) into the agent's store, checked by its SHA-256 there.
 * @throws LupineError 'disk-full', 'read-only', 'transfer-damaged', 'device-silent', or of the connection
 */
export async function sendFile(
  connection: Connection,
  agent: AgentSource,
  { content, sha256, size }: { content: string | Uint8Array; sha256: string; size: number },
  place: string,
): Promise<void> {
  const program = await connection.start(command(agent.sha256, `receive ${sha256} ${size}`))
  const stream =
    typeof content === 'string'
      ? createReadStream(content, { highWaterMark: 128 << 10 })
      : Readable.from([Buffer.from(content)])
  const answer = onlyLine(program, connection, 60_000, place, (heard) => stream.on('data', heard))
  // A board that refuses closes its end; why, it says on its only line.
  await Promise.race([pipeline(stream, program.stdin).catch(() => undefined), answer])
  const { said, code } = await answer
  stream.destroy()
  if (said?.error) throw refused(place, said.error)
  if (!said) throw transferDamaged(place, `the receiver ended with exit code ${code ?? 'unknown'}`)
}

/** What a program says that says one thing and ends. */
async function onlyLine(
  program: Program,
  connection: Connection,
  silence: number,
  place: string,
  onHeard: (heard: () => void) => void = () => undefined,
): Promise<{ said?: Hello; code: number | undefined }> {
  let said: Hello | undefined
  let bytes = 0
  const reader = new LineReader(longestLine, (line) => {
    try {
      const parsed = hello.safeParse(plainValue(JSON.parse(line)))
      if (parsed.success) said = parsed.data
    } catch {
      // What a login shell prints.
    }
  })
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      program.close()
      reject(silent(place, silence))
    }, silence)
  })
  onHeard(() => void timer!.refresh())
  program.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > longestLine || !reader.push(chunk)) program.close()
  })
  program.stderr.resume()
  try {
    const { code, signal } = await Promise.race([
      program.ended,
      late,
      connection.lost.then((why) => {
        throw why
      }),
    ])
    if (!said && code === undefined && !signal) throw channelTrouble({}, place)
    return { ...(said && { said }), code }
  } finally {
    clearTimeout(timer)
  }
}

/** @throws LupineError 'board-python' */
function checkPython({ error, python = '' }: Hello, place: string): void {
  const verdict = error?.code === 'python-old' ? pythonTooOld(python) : undefined
  if (verdict && !verdict.runs)
    throw fail('device', verdict.code, `${place} cannot be measured: ${verdict.why}.`, verdict.hint)
}

const pythonMissing = (place: string) =>
  fail(
    'device',
    'board-no-python',
    `${place} has no python3.`,
    'The agent needs Python 3.6 or newer: sudo apt install python3-minimal, or the like.',
  )

const notCopied = (place: string, code: number | undefined) =>
  fail(
    'device',
    'agent-not-copied',
    `Lupine's agent could not be copied to ${place} (exit code ${code ?? 'unknown'}).`,
    'Log in by hand and see whether python3 -c "import ctypes, queue" works there.',
  )

const foreign = (place: string) =>
  fail(
    'device',
    'agent-foreign',
    `What runs on ${place} is not the agent that was copied there.`,
    'Remove ~/.cache/lupine on the board and run again.',
  )
