/** Characters that change how the text around them is shown, or show nothing: controls, bidi marks, lone surrogates. */
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/**
 * A name that somebody else chose (a file's, a layer's) as one short line that shows what is in it: what could turn the
 * line around or hide a part of it is written out (`\u{202e}`), the middle of a long name left out.
 * @param longest characters shown; beginnings and ends are what tells names apart
 */
export function shownName(name: string, longest = 200): string {
  // No name needs a megabyte looked at to show 200 characters of it.
  const given = [...(name.length > 4 * longest ? name.slice(0, 2 * longest) + name.slice(-2 * longest) : name)]
  const whole = given.length <= longest && name.length <= 4 * longest
  const head = Math.ceil((longest - 1) / 2)
  const kept = whole ? given : [...given.slice(0, head), '…', ...given.slice(given.length - (longest - 1 - head))]
  return kept.join('').replace(unseen, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`)
}
