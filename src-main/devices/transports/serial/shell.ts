import { randomBytes } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import type { LupineError } from '../../../core/failure'
import type { Port } from './port'
import { noShell } from './serial-errors'

/** ms until an unanswered command is typed again, and until it is given up. */
const times = { again: 2500, most: 90_000 }
/** Characters of a block: a terminal takes lines of 4095. */
const block = 1000

/** The checksum of POSIX's cksum. */
export function cksum(text: string): number {
  let crc = 0
  const feed = (byte: number): void => {
    crc ^= byte << 24
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1
  }
  const bytes = Buffer.from(text)
  for (const byte of bytes) feed(byte)
  for (let length = bytes.length; length > 0; length >>>= 8) feed(length & 0xff)
  return ~crc >>> 0
}

/**
 * A loop for any POSIX shell: takes lines "CKSUM NUMBER COMMAND", runs each once whose sum is right, and answers
 * "lupine-TOKEN:NUMBER:STATUS:CKSUM:OUTPUT", where output is what the command left in $o. No character signals anything
 * meanwhile, so that damaged ones do no harm; the terminal is given back as it was. It ends when it is told, or when
 * its agent says that the host went away (75).
 */
const loop = (token: string): string =>
  [
    's=$(stty -g)',
    'stty -echo -onlcr -isig -ixon eof undef',
    'm=0',
    'a=',
    'n=0',
    'r=0',
    'o=ready',
    'q() { printf %s "$1" | cksum | cut -d" " -f1; }',
    `p() { printf "\\n%s%s:%s\\n" lupine- ${token} "$n:$r:$(q "$n:$r:$o"):$o"; }`,
    'p',
    'while IFS=" " read -r k n x; do if [ "$k" = END ]; then break; fi',
    'if [ "$(q "$n $x")" != "$k" ]; then n=bad; r=0; o=; p; continue; fi',
    'if [ "$n" != "$m" ]; then m=$n; o=; eval "$x"; r=$?; fi',
    'p',
    'if [ "$r" = 75 ]; then break; fi; done',
    'stty "$s"',
  ].join('; ')

interface Waiting {
  readonly number: number
  readonly done: (answer: { status: number; output: string }) => void
  readonly refuse: () => void
}

/** Commands on a console, one after the other, each known to have arrived whole. */
export class LineShell {
  private readonly token = randomBytes(4).toString('hex')
  private readonly answer = new RegExp(`lupine-${this.token}:(\\d+|bad):(\\d+):(\\d+):([^\r\n]*)[\r\n]`, 'g')
  private text = ''
  private next = 1
  private waiting: Waiting | undefined

  constructor(
    private readonly port: Port,
    private readonly place: string,
  ) {
    port.onData((chunk) => this.take(chunk.toString('latin1')))
  }

  /**
   * Starts the loop in the shell whose prompt is there.
   * @param whole the shell ends with it
   * @throws LupineError 'console-shell', or of the port
   */
  async start(whole: boolean, signal?: AbortSignal): Promise<void> {
    const script = loop(this.token)
    for (let tries = 0; ; tries++) {
      const ready = this.expect(0, 5000, signal)
      // Ends a line of which a part got lost, and what it may have begun.
      if (tries > 0) this.port.write('\x03\x15\n')
      this.port.write(` ${whole ? 'exec ' : ''}sh -c '${script}'\n`)
      if (await ready.catch(() => undefined)) return
      signal?.throwIfAborted()
      if (tries >= 4) throw noShell(this.place, 'no answer to its first command')
    }
  }

  /**
   * Runs a command, once, however often it has to be typed; what it leaves in $o is its output.
   * @param settled ends the typing again: something else shows that it arrived
   * @throws LupineError 'console-shell', or of the port
   */
  async run(command: string, { limit = times.most, settled = () => false, signal }: RunOptions = {}) {
    const number = this.next++
    const line = `${number} ${command}`
    const answered = this.expect(number, limit, signal, () => {
      if (!settled()) this.port.write(`${cksum(line)} ${line}\n`)
    })
    this.port.write(`${cksum(line)} ${line}\n`)
    const answer = await answered
    if (answer) return answer
    throw noShell(this.place, `no answer to a command for ${Math.round(limit / 1000)} s`)
  }

  /** Takes bytes to the board, in blocks, where they end up in $a: deflated, in base64. */
  async carry(bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    const text = deflateSync(bytes, { level: 9 }).toString('base64')
    await this.run('a=', { signal })
    for (let from = 0; from < text.length; from += block)
      await this.run(`a="\${a}${text.slice(from, from + block)}"`, { signal })
  }

  /** Ends the loop: the shell before it has the terminal again. */
  end(): void {
    this.port.write('\nEND\n')
  }

  private expect(
    number: number,
    limit: number,
    signal?: AbortSignal,
    again: () => void = () => undefined,
  ): Promise<{ status: number; output: string } | undefined> {
    return new Promise((resolve, reject) => {
      const repeat = setInterval(again, times.again)
      const settle = (): void => {
        clearInterval(repeat)
        clearTimeout(late)
        signal?.removeEventListener('abort', abort)
        this.waiting = undefined
      }
      const late = setTimeout(() => (settle(), resolve(undefined)), limit)
      const abort = (): void => (settle(), reject(signal!.reason as Error))
      signal?.addEventListener('abort', abort, { once: true })
      void this.port.lost.then((why: LupineError) => (settle(), reject(why)))
      this.waiting = { number, done: (answer) => (settle(), resolve(answer)), refuse: again }
    })
  }

  private take(text: string): void {
    this.text = (this.text + text).slice(-16_384)
    let end = 0
    for (const [whole, number, status, sum, output] of this.text.matchAll(this.answer)) {
      end = this.text.indexOf(whole, end) + whole.length
      const sound = cksum(`${number}:${status}:${output}`) === Number(sum)
      // Something did not arrive whole; but whoever says so is the loop, and runs.
      if (number === 'bad' && this.waiting?.number === 0) this.waiting.done({ status: 0, output: '' })
      else if (!sound || number === 'bad') this.waiting?.refuse()
      else if (Number(number) === this.waiting?.number) this.waiting.done({ status: Number(status), output: output! })
    }
    this.text = this.text.slice(end)
  }
}

export interface RunOptions {
  /** ms */
  readonly limit?: number
  readonly settled?: () => boolean
  readonly signal?: AbortSignal | undefined
}
