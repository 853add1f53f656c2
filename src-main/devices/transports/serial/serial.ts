import { PassThrough, Writable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import type { Ask } from '../../../contract'
import type { LupineError } from '../../../core/failure'
import type { DeviceAddress } from '../../address'
import { silent } from '../../agent/refusals'
import type { Connection, Exit, Program, Transport } from '../transport'
import { type ConsoleLogin, reachShell } from './console'
import { Frames, type FrameTimes } from './frames'
import { Listener } from './listener'
import { openPort, type Port } from './port'
import { otherUser } from './serial-errors'
import { LineShell } from './shell'

export type SerialAddress = Extract<DeviceAddress, { kind: 'serial' }>

/** What a serial line looks up outside the address; tests bring their own. */
export interface SerialSurroundings {
  readonly env: NodeJS.ProcessEnv
  readonly ask: Ask
  readonly times?: Partial<FrameTimes>
  /** What the port is held for, as others hear who want it meanwhile. */
  readonly purpose?: string | undefined
}

/** ms for a program that was told to end. */
const farewell = 5000

/** A board's console on a serial line: a Linux login, one program at a time. */
export class SerialTransport implements Transport {
  readonly place: string
  private readonly login: ConsoleLogin

  constructor(
    private readonly address: SerialAddress,
    private readonly around: SerialSurroundings,
  ) {
    const { path, baud, user } = address
    this.place = path
    this.login = { place: path, baud, user, password: around.env['LUPINE_PASSWORD'], ask: around.ask }
  }

  /** Nothing is kept of a board on a line. */
  forget(): Promise<void> {
    return Promise.resolve()
  }

  async connect(signal?: AbortSignal): Promise<Connection> {
    signal?.throwIfAborted()
    const port = await openPort(this.address.path, this.address.baud, this.around.purpose)
    try {
      const heard = new Listener(port)
      const lost = port.lost.then((why) => {
        throw why
      })
      const { loggedIn } = await Promise.race([reachShell(port, heard, this.login, signal), lost])
      const shell = new LineShell(port, this.place)
      await shell.start(loggedIn, signal)
      const line = new SerialConnection(port, shell, heard, loggedIn, this.place, this.around.times)
      if (!loggedIn && this.address.user) await line.needUser(this.address.user)
      return line
    } catch (error) {
      await port.close()
      throw error
    }
  }
}

class SerialConnection implements Connection {
  readonly single = true
  readonly lost: Promise<LupineError>
  private settleLost: (why: LupineError) => void = () => undefined
  private program: LineProgram | undefined
  private closing: Promise<void> | undefined

  constructor(
    private readonly port: Port,
    private readonly shell: LineShell,
    private readonly heard: Listener,
    private readonly loggedIn: boolean,
    private readonly place: string,
    private readonly times: Partial<FrameTimes> | undefined,
  ) {
    this.lost = new Promise((resolve) => (this.settleLost = resolve))
    void port.lost.then((why) => this.settleLost(why))
  }

  /** @throws LupineError 'console-taken' */
  async needUser(wanted: string): Promise<void> {
    const { output } = await this.shell.run('o=$(id -un)')
    if (output === wanted) return
    await this.close()
    throw otherUser(this.place, output, wanted)
  }

  start(command: string, talks = false): Promise<Program> {
    return Promise.resolve(talks ? this.talk(command) : this.runWhole(command))
  }

  private talk(command: string): Program {
    const { port, place, shell, times } = this
    const program = new LineProgram(
      (onData, onEnd, onFrame) =>
        new Frames({ write: (bytes) => port.write(bytes), onData, onEnd, onFrame, ...(times && { times }) }),
      (settled) => shell.run(`( ${command} )`, { settled, limit: 2 ** 31 - 1 }),
      () => this.settleLost(silent(place, times?.silence ?? 45_000)),
    )
    port.onData((chunk) => program.take(chunk))
    this.program = program
    return program
  }

  /** Its output, and its exit code behind it, in hexadecimal. */
  private runWhole(command: string): Program {
    const input: Buffer[] = []
    const stdout = new PassThrough()
    let settle: (exit: Exit) => void
    const ended = new Promise<Exit>((resolve) => (settle = resolve))
    const go = async (): Promise<void> => {
      const whole = Buffer.concat(input)
      if (whole.length > 0) await this.shell.carry(whole)
      const open = 'import sys,base64,zlib;sys.stdout.buffer.write(zlib.decompress(base64.b64decode(sys.stdin.read())))'
      const source = whole.length > 0 ? `printf %s "$a" | python3 -c "${open}"` : 'printf ""'
      const { output } = await this.shell.run(
        `o=$(${source} | ( ( ${command} ); echo "exit $?" ) 2>/dev/null | tail -c 1500 | od -An -v -tx1 | tr -d " \\n"); a=`,
      )
      const said = Buffer.from(output, 'hex').toString('latin1')
      const [, rest, code] = /^([^]*?)exit (\d+)\n$/.exec(said) ?? []
      // Not before what it said has been read.
      stdout.once('end', () => settle(code === undefined ? {} : { code: Number(code) }))
      stdout.end(rest ?? '')
    }
    const stdin = new Writable({
      write: (chunk: Buffer, _encoding, done) => (input.push(chunk), done()),
      final: (done) => {
        done()
        // Whoever waits hears of a lost port from `lost`.
        go().catch(() => (stdout.end(), settle({})))
      },
    })
    return { stdin, stdout, stderr: empty(), ended, close: () => settle({}) }
  }

  close(): Promise<void> {
    return (this.closing ??= this.giveBack())
  }

  private async giveBack(): Promise<void> {
    this.program?.close()
    await Promise.race([this.program?.ended, this.port.lost, setTimeout(farewell)])
    this.heard.clear()
    this.shell.end()
    // A session that was opened here ends with the loop; its prompt shows that it has.
    const back = this.heard.until(this.loggedIn ? /login: ?/i : /\S/, this.loggedIn ? 8000 : 1000)
    await Promise.race([back, this.port.lost])
    await this.port.close()
  }
}

const empty = (): PassThrough => new PassThrough().end()

/** The agent on a line: its standard streams in frames. */
class LineProgram implements Program {
  readonly stdin: Writable
  readonly stdout = new PassThrough()
  readonly stderr = empty()
  readonly ended: Promise<Exit>
  private readonly frames: Frames
  private started = false

  constructor(
    frames: (onData: (chunk: Buffer) => void, onEnd: (told: boolean) => void, onFrame: () => void) => Frames,
    run: (settled: () => boolean) => Promise<{ status: number }>,
    onSilent: () => void,
  ) {
    let fellSilent: () => void
    const silence = new Promise<Exit>((resolve) => (fellSilent = () => (onSilent(), resolve({}))))
    this.frames = frames(
      (chunk) => this.stdout.write(chunk),
      (told) => {
        // Its exit code is asked for until it comes.
        this.started = false
        if (!told) fellSilent()
      },
      () => (this.started = true),
    )
    this.stdin = new Writable({
      write: (chunk: Buffer, _encoding, done) => (this.frames.send(chunk), done()),
    })
    const answered = run(() => this.started).then(
      ({ status }): Exit => ({ code: status }),
      (): Exit => ({}),
    )
    this.ended = Promise.race([answered, silence]).then((exit) => {
      this.frames.stop(true)
      return exit
    })
  }

  take(chunk: Buffer): void {
    this.frames.take(chunk)
  }

  close(): void {
    this.frames.end()
  }
}
