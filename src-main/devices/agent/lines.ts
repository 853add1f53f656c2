/** Bytes into lines, of which none may be longer than `most` bytes: what a board sends has no end by itself. */
export class LineReader {
  private parts: Buffer[] = []
  private length = 0

  constructor(
    private readonly most: number,
    private readonly onLine: (line: string) => void,
  ) {}

  /** @returns false once a line is too long; then nothing more should be given */
  push(chunk: Buffer): boolean {
    let from = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      if (this.length + end - from > this.most) return false
      const line = Buffer.concat([...this.parts, chunk.subarray(from, end)])
      this.parts = []
      this.length = 0
      from = end + 1
      // Broken UTF-8 becomes U+FFFD.
      this.onLine(line.toString('utf8'))
    }
    const rest = chunk.subarray(from)
    if (rest.length > 0) this.parts.push(rest)
    this.length += rest.length
    return this.length <= this.most
  }
}
