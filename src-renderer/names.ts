/**
 * Names as files have them are anybody's text. Here they become fit to be shown: marks that turn the text around them, and
 * what has no shape at all, are written out, and long ones lose their middle. HTML needs nothing: Vue writes text.
 */

/** Control characters, and those that change the direction or the joining of their surroundings. */
const unseen =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g

/** "a‮b" → "a⟨U+202E⟩b" */
export const plainName = (name: string): string =>
  name.replace(unseen, (sign) => `⟨U+${sign.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`)

/** At most `most` characters; the end is what tells layers apart, so the middle goes. */
export function shortName(name: string, most = 80): string {
  // Twice as much is cut off first: spreading ten thousand characters for each of a thousand nodes takes a while.
  const cut = name.length > 4 * most ? name.slice(0, 2 * most) + name.slice(-2 * most) : name
  const signs = [...plainName(cut)]
  if (cut === name && signs.length <= most) return signs.join('')
  const head = Math.ceil((most - 1) / 3)
  return `${signs.slice(0, head).join('')}…${signs.slice(signs.length - (most - 1 - head)).join('')}`
}
