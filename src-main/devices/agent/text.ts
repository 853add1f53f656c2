const longest = 4000

/** Text of a board's, safe for a terminal and a log: without escape sequences and other control characters. */
export function plainText(text: string, most = longest): string {
  return (
    text
      // Terminal sequences whole (CSI, OSC), so that their parameters do not stay behind.
      .replace(/(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b./g, '')
      .replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, (c) => (c === '\n' || c === '\t' ? ' ' : ''))
      .slice(0, most)
  )
}

/** Every text within a value made plain. */
export function plainValue(value: unknown): unknown {
  if (typeof value === 'string') return plainText(value)
  if (Array.isArray(value)) return value.map(plainValue)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [plainText(key), plainValue(inner)]))
}
