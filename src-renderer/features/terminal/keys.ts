/** What of a keyboard event counts. */
export interface Press {
  readonly key: string
  readonly ctrlKey: boolean
  readonly altKey: boolean
  readonly shiftKey: boolean
  readonly metaKey: boolean
}

/** Ends of the sequences that stand for keys without a character. */
const letters: Readonly<Record<string, string>> = {
  ...{ ArrowUp: 'A', ArrowDown: 'B', ArrowRight: 'C', ArrowLeft: 'D', Home: 'H', End: 'F' },
  ...{ F1: 'P', F2: 'Q', F3: 'R', F4: 'S' },
}
const numbers: Readonly<Record<string, number>> = {
  ...{ Insert: 2, Delete: 3, PageUp: 5, PageDown: 6 },
  ...{ F5: 15, F7: 18, F8: 19, F9: 20, F10: 21, F11: 23, F12: 24 },
}
const controls: Readonly<Record<string, string>> = {
  ...{ Enter: '\r', Tab: '\t', Escape: '\x1b', Backspace: '\x7f' },
}

/** The way out of a terminal, which takes all other keys. */
export const wayOut = 'F6'

/**
 * What a key sends to a board, as xterm has it; undefined where it is not the board's: text comes as input, F6 leaves the
 * terminal, keys with ⌘ and Ctrl+Shift+letter are the window's.
 */
export function keyText(
  { key, ctrlKey, altKey, shiftKey, metaKey }: Press,
  applicationKeys: boolean,
): string | undefined {
  if (metaKey || key === wayOut) return undefined
  const modifier = 1 + (shiftKey ? 1 : 0) + (altKey ? 2 : 0) + (ctrlKey ? 4 : 0)
  const letter = letters[key]
  if (letter) {
    if (modifier > 1) return `\x1b[1;${modifier}${letter}`
    return applicationKeys || key.startsWith('F') ? `\x1bO${letter}` : `\x1b[${letter}`
  }
  const number = numbers[key]
  if (number) return modifier > 1 ? `\x1b[${number};${modifier}~` : `\x1b[${number}~`
  if (key === 'Tab' && shiftKey) return '\x1b[Z'
  const control = controls[key]
  if (control) return altKey ? `\x1b${control}` : control
  if (key.length !== 1) return undefined
  if (ctrlKey && !altKey) {
    if (shiftKey && /[a-z]/i.test(key)) return undefined
    const code = key === ' ' ? 64 : key.toUpperCase().charCodeAt(0)
    return code >= 64 && code <= 95 ? String.fromCharCode(code & 31) : undefined
  }
  // AltGr says both, and its character comes as input.
  return altKey && !ctrlKey ? `\x1b${key}` : undefined
}

/** Pasted text, as a board takes it: lines end as the Enter key does. */
export function pasteText(text: string, marks: boolean): string {
  const lines = text.replace(/\r?\n/g, '\r')
  // What would end the marks, or be a command to the terminal, is no text.
  return marks ? `\x1b[200~${lines.replaceAll('\x1b', '')}\x1b[201~` : lines
}
