import { crc32, createDeflate, createInflate, constants } from 'node:zlib'

/** As in lupine_agent.py's class Line, which has the other end and says what a frame is. */
const payload = 192
const window = 16
const pattern = /~([DAKNFX])([0-9a-f]{4})([0-9a-f]{4})([A-Za-z0-9+/=]*)([0-9a-f]{8})/
/** Bytes that may stand between two ends of frames before they are dropped. */
const longestPiece = 4096

export interface FrameTimes {
  /** ms after which a frame that nobody acknowledged goes out again. */
  readonly again: number
  /** ms between signs of life that are asked for. */
  readonly ask: number
  /** ms without a whole frame after which the other end counts as gone. */
  readonly silence: number
}
const usualTimes: FrameTimes = { again: 1000, ask: 5000, silence: 45_000 }

type Kind = 'D' | 'A' | 'K' | 'N' | 'F' | 'X'

/** A frame as it goes over the line. */
export function frame(kind: Kind, number = 0, awaited = 0, data: Uint8Array = new Uint8Array()): Buffer {
  const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0')
  const body = `${kind}${hex(number, 4)}${hex(awaited, 4)}${Buffer.from(data).toString('base64')}`
  return Buffer.from(`~${body}${hex(crc32(body), 8)}\n`)
}

export interface FramesOptions {
  /** Puts bytes on the line. */
  readonly write: (bytes: Buffer) => void
  readonly onData: (chunk: Buffer) => void
  /** Told once, with whether the other end said that it ends; false: it fell silent. */
  readonly onEnd: (told: boolean) => void
  /** Told at the first whole frame. */
  readonly onFrame?: () => void
  readonly times?: Partial<FrameTimes>
}

/**
 * A stream over a line that loses and changes bytes: frames with checksums, sent again until they arrive, at most
 * `window` under way. What is sent is deflated.
 */
export class Frames {
  private readonly times: FrameTimes
  private readonly packer = createDeflate()
  private readonly opener = createInflate()
  private readonly flight = new Map<number, Buffer>()
  private readonly ahead = new Map<number, Buffer | 'end'>()
  private unsent: Buffer[] = []
  private sent = 0
  private awaited = 0
  private lastSent = performance.now()
  private lastHeard = performance.now()
  private lastAsked = performance.now()
  private refused = -Infinity
  private piece = ''
  private ending: 'no' | 'due' | 'sent' = 'no'
  private over = false
  private seen = false
  private readonly timer: NodeJS.Timeout
  /** Frames that came damaged or late, and frames sent again: how bad the line is. */
  readonly troubles = { damaged: 0, again: 0 }

  constructor(private readonly options: FramesOptions) {
    this.times = { ...usualTimes, ...options.times }
    this.packer.on('data', (chunk: Buffer) => {
      this.unsent.push(chunk)
      this.passOn()
    })
    this.opener.on('data', (chunk: Buffer) => options.onData(chunk))
    // Only whole frames come here: what is no deflated stream was made up.
    this.opener.on('error', () => this.stop(false))
    this.timer = setInterval(() => this.passOn(), Math.min(200, this.times.again / 2))
  }

  send(bytes: Uint8Array): void {
    if (this.over) return
    this.packer.write(bytes)
    this.packer.flush(constants.Z_SYNC_FLUSH)
  }

  /** Says that nothing more comes, behind what is still to be sent. */
  end(): void {
    if (this.over || this.ending !== 'no') return
    this.packer.flush(constants.Z_SYNC_FLUSH, () => {
      this.ending = 'due'
      this.passOn()
    })
  }

  /** Hears nothing more, and says nothing. */
  stop(told: boolean): void {
    if (this.over) return
    this.over = true
    clearInterval(this.timer)
    this.opener.destroy()
    this.packer.destroy()
    this.options.onEnd(told)
  }

  /** What comes over the line. */
  take(chunk: Buffer): void {
    if (this.over) return
    const pieces = (this.piece + chunk.toString('latin1')).replaceAll('~', '\n~').split(/[\n\r]/)
    this.piece = pieces.pop()!.slice(-longestPiece)
    let answer: 'A' | 'N' | undefined
    for (const piece of pieces) {
      const [whole, kind, number, awaits, data, sum] = pattern.exec(piece) ?? []
      if (whole && crc32(whole.slice(1, -8)) === Number.parseInt(sum!, 16)) {
        const [n, a] = [Number.parseInt(number!, 16), Number.parseInt(awaits!, 16)]
        answer = this.understand(kind as Kind, n, a, data!, answer)
      } else if (this.seen && piece.includes('~')) {
        this.troubles.damaged++
        answer = 'N'
      }
    }
    if (this.over || !answer) return
    const now = performance.now()
    if (answer === 'N') {
      if (now - this.refused < 200) return
      this.refused = now
    }
    this.options.write(frame(answer, 0, this.awaited))
  }

  private understand(
    kind: Kind,
    number: number,
    awaits: number,
    data: string,
    answer: 'A' | 'N' | undefined,
  ): 'A' | 'N' | undefined {
    this.lastHeard = performance.now()
    if (!this.seen) this.options.onFrame?.()
    this.seen = true
    for (const key of this.flight.keys()) {
      const behind = (awaits - key) & 0xffff
      if (behind === 0 || behind > window) continue
      this.flight.delete(key)
      this.lastSent = this.lastHeard
    }
    if (kind === 'N') this.repeat(awaits)
    this.passOn()
    if (kind === 'K') return answer ?? 'A'
    if (kind === 'F' || kind === 'D') {
      if (((number - this.awaited) & 0xffff) < window)
        this.ahead.set(number, kind === 'F' ? 'end' : Buffer.from(data, 'base64'))
      for (let next = this.ahead.get(this.awaited); next !== undefined; next = this.ahead.get(this.awaited)) {
        this.ahead.delete(this.awaited)
        this.awaited = (this.awaited + 1) & 0xffff
        if (next === 'end') {
          this.options.write(frame('A', 0, this.awaited))
          this.stop(true)
        } else this.opener.write(next)
      }
      return this.ahead.size > 0 ? 'N' : (answer ?? 'A')
    }
    return answer
  }

  private repeat(number: number): void {
    const missing = this.flight.get(number)
    if (!missing) return
    this.troubles.again++
    this.lastSent = performance.now()
    this.options.write(missing)
  }

  /** What the window takes goes out; what is not acknowledged for long goes out again. */
  private passOn(): void {
    if (this.over) return
    const now = performance.now()
    if (now - this.lastHeard > this.times.silence) return this.stop(false)
    const [oldest] = this.flight.keys()
    if (oldest !== undefined && now - this.lastSent > this.times.again) this.repeat(oldest)
    while (this.unsent.length > 0 && this.flight.size < window) this.launch('D', this.cut())
    if (this.ending === 'due' && this.unsent.length === 0 && this.flight.size < window) {
      this.ending = 'sent'
      this.launch('F', Buffer.alloc(0))
    }
    if (this.ending === 'sent' && this.flight.size === 0) return this.stop(true)
    if (now - this.lastHeard > this.times.ask && now - this.lastAsked > this.times.ask) {
      this.lastAsked = now
      this.options.write(frame('K', 0, this.awaited))
    }
  }

  private launch(kind: 'D' | 'F', data: Buffer): void {
    const whole = frame(kind, this.sent, this.awaited, data)
    this.flight.set(this.sent, whole)
    this.sent = (this.sent + 1) & 0xffff
    this.lastSent = performance.now()
    this.options.write(whole)
  }

  private cut(): Buffer {
    const all = this.unsent.length === 1 ? this.unsent[0]! : Buffer.concat(this.unsent)
    this.unsent = all.length > payload ? [all.subarray(payload)] : []
    return all.subarray(0, payload)
  }
}
