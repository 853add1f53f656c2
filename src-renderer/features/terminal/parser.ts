import type { Screen } from './screen'
import { restyled } from './style'

/** Longer ones are no sequences, but noise. */
const longestSequence = 256

/** DEC's line drawing, which old programs frame with. */
const drawing: Readonly<Record<string, string>> = Object.fromEntries(
  [...'`afgjklmnopqrstuvwxyz{|}~'].map((key, i) => [key, [...'◆▒°±┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·'][i]!]),
)

/**
 * Reads what a board says to a terminal: text, and the control sequences of ECMA-48 and xterm that shells, editors and
 * boot loaders use. Others are passed over whole, so that nothing of them is shown.
 */
export class Parser {
  /** Arrow keys say ESC O, not ESC [. */
  applicationKeys = false
  /** What is pasted goes between marks. */
  marksPastes = false
  private state: 'text' | 'escape' | 'sequence' | 'string' | 'charset' = 'text'
  private sequence = ''
  private skipped = 0
  private draws = false
  private last = ''

  constructor(
    private readonly screen: Screen,
    /** What the terminal answers of itself. */
    private readonly reply: (text: string) => void,
  ) {}

  read(text: string): void {
    for (const character of text) this.take(character)
  }

  private take(character: string): void {
    const code = character.codePointAt(0)!
    if (this.state === 'string') {
      // Titles and the like; they end with BEL, or ESC \.
      if (code === 7) this.state = 'text'
      else if (code === 27) this.state = 'escape'
      else if (++this.skipped > 4096) this.state = 'text'
    } else if (code === 27) this.begin('escape')
    else if (code === 24 || code === 26) this.state = 'text'
    else if (code < 32 || code === 127) this.control(code)
    else if (this.state === 'text') this.show(character)
    else if (this.state === 'escape') this.escape(character)
    else if (this.state === 'charset') {
      this.draws = character === '0'
      this.state = 'text'
    } else if (code >= 0x40 && code <= 0x7e) {
      this.state = 'text'
      this.carryOut(character)
    } else if (this.sequence.length < longestSequence) this.sequence += character
    else this.state = 'text'
  }

  private begin(state: Parser['state']): void {
    this.state = state
    this.sequence = ''
    this.skipped = 0
  }

  private show(character: string): void {
    this.last = this.draws ? (drawing[character] ?? character) : character
    this.screen.put(this.last)
  }

  private control(code: number): void {
    const { screen } = this
    if (code === 8) screen.moveTo(screen.x - 1, screen.y)
    else if (code === 9) screen.tab()
    else if (code >= 10 && code <= 12) screen.lineFeed()
    else if (code === 13) screen.moveTo(0, screen.y)
    else if (code === 14 || code === 15) this.draws = code === 14
  }

  private escape(character: string): void {
    const { screen } = this
    this.state = 'text'
    if (character === '[') this.begin('sequence')
    else if (/[\]PX^_]/.test(character)) this.begin('string')
    else if (/[()*+#% ]/.test(character)) this.begin('charset')
    else if (character === '7') screen.save()
    else if (character === '8') screen.restore()
    else if (character === 'D') screen.lineFeed()
    else if (character === 'M') screen.reverseLineFeed()
    else if (character === 'E') {
      screen.moveTo(0, screen.y)
      screen.lineFeed()
    } else if (character === 'c') {
      screen.reset()
      this.applicationKeys = this.marksPastes = this.draws = false
    }
  }

  private carryOut(final: string): void {
    const { screen } = this
    const [, prefix = '', list = '', between = ''] = /^([<=>?]?)([\d;:]*)(.*)$/s.exec(this.sequence) ?? []
    if (between !== '') return
    const parameters = list.split(/[;:]/).map(Number)
    if (prefix === '?') return this.switchModes(parameters, final)
    if (prefix !== '') return
    const n = Math.max(1, Math.min(parameters[0]!, 9999))
    const [first = 0, second = 0] = parameters
    switch (final) {
      case 'A':
        return screen.moveTo(screen.x, screen.y - n)
      case 'B':
      case 'e':
        return screen.moveTo(screen.x, screen.y + n)
      case 'C':
      case 'a':
        return screen.moveTo(screen.x + n, screen.y)
      case 'D':
        return screen.moveTo(screen.x - n, screen.y)
      case 'E':
        return screen.moveTo(0, screen.y + n)
      case 'F':
        return screen.moveTo(0, screen.y - n)
      case 'G':
      case '`':
        return screen.moveTo(n - 1, screen.y)
      case 'd':
        return screen.moveTo(screen.x, n - 1)
      case 'H':
      case 'f':
        return screen.moveTo(Math.max(1, second) - 1, n - 1)
      case 'J':
        return screen.eraseInPage(first)
      case 'K':
        return screen.eraseInLine(first)
      case 'L':
        return screen.insertLines(n)
      case 'M':
        return screen.insertLines(-n)
      case '@':
        return screen.insertCells(n)
      case 'P':
        return screen.deleteCells(n)
      case 'X':
        return screen.eraseCells(n)
      case 'S':
        return screen.scroll(n)
      case 'T':
        return screen.scroll(-n)
      case 'b':
        for (let i = 0; i < Math.min(n, screen.columns) && this.last !== ''; i++) screen.put(this.last)
        return
      case 'm':
        screen.style = restyled(screen.style, parameters)
        return
      case 'r':
        return screen.setRegion(n - 1, second === 0 ? screen.rows - 1 : second - 1)
      case 's':
        return screen.save()
      case 'u':
        return screen.restore()
      case 'n':
        return this.reply(first === 6 ? `\x1b[${screen.y + 1};${screen.x + 1}R` : first === 5 ? '\x1b[0n' : '')
      case 'c':
        // A VT102.
        return this.reply('\x1b[?6c')
    }
  }

  private switchModes(modes: readonly number[], final: string): void {
    if (final !== 'h' && final !== 'l') return
    const on = final === 'h'
    for (const mode of modes) {
      if (mode === 1) this.applicationKeys = on
      else if (mode === 7) this.screen.wraps = on
      else if (mode === 25) this.screen.cursorShown = on
      else if (mode === 47 || mode === 1047 || mode === 1049) this.screen.alternate(on)
      else if (mode === 2004) this.marksPastes = on
    }
  }
}
