import { plain, type Style } from './style'

interface Cell {
  readonly text: string
  readonly style: Style
}

/** Characters that look alike. */
export interface Run {
  readonly text: string
  readonly style: Style
}

/** A line of the screen. It keeps its number while it scrolls; `version` tells whether it has changed. */
export class Line {
  version = 0
  cells: Cell[] = []
  constructor(readonly id: number) {}

  runs(): Run[] {
    const runs: { text: string; style: Style }[] = []
    for (const { text, style } of this.cells) {
      const last = runs.at(-1)
      if (last && last.style === style) last.text += text
      else runs.push({ text, style })
    }
    return runs
  }

  get text(): string {
    return this.cells
      .map(({ text }) => text)
      .join('')
      .trimEnd()
  }
}

/** Lines kept above the screen. */
const mostHistory = 2000
const blank: Cell = { text: ' ', style: plain }

interface Place {
  x: number
  y: number
  style: Style
}

/** What a terminal shows: lines of cells, a cursor, a region that scrolls. Positions count from 0. */
export class Screen {
  readonly history: Line[] = []
  page: Line[]
  x = 0
  y = 0
  style: Style = plain
  cursorShown = true
  wraps = true
  private nextId = 0
  /** The last column has been written: the next character goes to the next line. */
  private full = false
  private region = { top: 0, bottom: 0 }
  private saved: Place = { x: 0, y: 0, style: plain }
  /** The main page, while the alternate one is shown. */
  private main: { page: Line[]; place: Place } | undefined

  constructor(
    public columns = 80,
    public rows = 24,
  ) {
    this.page = this.fitted([])
    this.region.bottom = rows - 1
  }

  private newLine(): Line {
    return new Line(this.nextId++)
  }

  private get line(): Line {
    return this.page[this.y]!
  }

  put(text: string): void {
    if (this.full && this.wraps) {
      this.x = 0
      this.lineFeed()
    }
    this.full = false
    const { line } = this
    // A mark joins what it marks.
    if (text > '\u02ff' && this.x > 0 && /^\p{M}$/u.test(text)) {
      const marked = line.cells[this.x - 1] ?? blank
      this.set(line, this.x - 1, { ...marked, text: marked.text + text })
      return
    }
    this.set(line, this.x, { text, style: this.style })
    if (this.x === this.columns - 1) this.full = true
    else this.x++
  }

  private set(line: Line, at: number, cell: Cell): void {
    while (line.cells.length < at) line.cells.push(blank)
    line.cells[at] = cell
    line.version++
  }

  /** Down, scrolling at the region's end. */
  lineFeed(): void {
    this.full = false
    if (this.y === this.region.bottom) this.scroll(1)
    else if (this.y < this.rows - 1) this.y++
  }

  /** Up, scrolling at the region's beginning. */
  reverseLineFeed(): void {
    this.full = false
    if (this.y === this.region.top) this.scroll(-1)
    else if (this.y > 0) this.y--
  }

  /** The region, up by so many lines; down where negative. */
  scroll(by: number): void {
    const { top, bottom } = this.region
    for (let i = 0; i < Math.min(Math.abs(by), this.rows); i++) {
      if (by > 0) {
        const [gone] = this.page.splice(top, 1)
        this.page.splice(bottom, 0, this.newLine())
        if (top === 0 && !this.main) this.remember(gone!)
      } else {
        this.page.splice(bottom, 1)
        this.page.splice(top, 0, this.newLine())
      }
    }
  }

  private remember(line: Line): void {
    this.history.push(line)
    if (this.history.length > mostHistory) this.history.splice(0, this.history.length - mostHistory)
  }

  moveTo(x: number, y: number): void {
    this.full = false
    this.x = Math.max(0, Math.min(this.columns - 1, x))
    this.y = Math.max(0, Math.min(this.rows - 1, y))
  }

  tab(): void {
    this.moveTo((Math.floor(this.x / 8) + 1) * 8, this.y)
  }

  /** Cells of a line, from one to before another. */
  private erase(line: Line, from: number, to: number): void {
    for (let at = from; at < Math.min(to, line.cells.length); at++) line.cells[at] = this.empty
    if (to >= line.cells.length) line.cells.length = Math.min(line.cells.length, from)
    // A coloured ground goes to the edge.
    if (this.style.ground !== undefined) for (let at = from; at < to; at++) this.set(line, at, this.empty)
    line.version++
  }

  private get empty(): Cell {
    return this.style.ground === undefined ? blank : { text: ' ', style: { ground: this.style.ground } }
  }

  /** 0: from the cursor on; 1: up to it; 2: all. */
  eraseInLine(what: number): void {
    this.full = false
    this.erase(this.line, what === 0 ? this.x : 0, what === 1 ? this.x + 1 : this.columns)
  }

  /** As eraseInLine; 3: the history too. */
  eraseInPage(what: number): void {
    if (what === 3) this.history.length = 0
    const { y } = this
    const [from, to] = [what === 0 ? y + 1 : 0, what === 1 ? y : this.rows]
    if (what < 2) this.eraseInLine(what)
    for (const line of this.page.slice(from, to)) this.erase(line, 0, this.columns)
  }

  eraseCells(count: number): void {
    this.erase(this.line, this.x, Math.min(this.columns, this.x + count))
  }

  insertCells(count: number): void {
    const { line, x } = this
    while (line.cells.length < x) line.cells.push(blank)
    line.cells.splice(x, 0, ...new Array<Cell>(Math.min(count, this.columns - x)).fill(this.empty))
    line.cells.length = Math.min(line.cells.length, this.columns)
    line.version++
  }

  deleteCells(count: number): void {
    this.line.cells.splice(this.x, count)
    this.line.version++
  }

  /** At the cursor, within the region; taken out where negative. */
  insertLines(count: number): void {
    const { top, bottom } = this.region
    if (this.y < top || this.y > bottom) return
    for (let i = 0; i < Math.min(Math.abs(count), this.rows); i++) {
      this.page.splice(count > 0 ? bottom : this.y, 1)
      this.page.splice(count > 0 ? this.y : bottom, 0, this.newLine())
    }
    this.x = 0
    this.full = false
  }

  setRegion(top: number, bottom: number): void {
    const last = Math.min(bottom, this.rows - 1)
    if (top >= 0 && top < last) this.region = { top, bottom: last }
    this.moveTo(0, 0)
  }

  save(): void {
    this.saved = this.place
  }

  restore(): void {
    this.goBack(this.saved)
  }

  private get place(): Place {
    return { x: this.x, y: this.y, style: this.style }
  }

  private goBack({ x, y, style }: Place): void {
    this.style = style
    this.moveTo(x, y)
  }

  /** The page of full-screen programs, which has no history; leaving it, the main one is as it was. */
  alternate(on: boolean): void {
    if (on === (this.main !== undefined)) return
    if (on) {
      this.main = { page: this.page, place: this.place }
      this.page = this.fitted([])
    } else {
      const { page, place } = this.main!
      this.main = undefined
      this.page = this.fitted(page)
      this.goBack(place)
    }
    this.region = { top: 0, bottom: this.rows - 1 }
  }

  resize(columns: number, rows: number): void {
    const lost = Math.max(0, this.y - (rows - 1))
    this.columns = columns
    this.rows = rows
    const gone = this.page.splice(0, lost)
    if (!this.main) gone.forEach((line) => this.remember(line))
    this.page = this.fitted(this.page)
    this.region = { top: 0, bottom: rows - 1 }
    this.moveTo(this.x, this.y - lost)
  }

  private fitted(page: Line[]): Line[] {
    const fitted = page.slice(0, this.rows)
    while (fitted.length < this.rows) fitted.push(this.newLine())
    return fitted
  }

  reset(): void {
    this.main = undefined
    this.page = this.fitted([])
    this.region = { top: 0, bottom: this.rows - 1 }
    this.style = plain
    this.cursorShown = this.wraps = true
    this.moveTo(0, 0)
  }

  /** All of it, as text. */
  get text(): string {
    return [...this.history, ...this.page]
      .map((line) => line.text)
      .join('\n')
      .trimEnd()
  }
}
