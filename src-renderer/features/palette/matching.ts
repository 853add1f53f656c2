/**
 * How well a text answers what was typed: each word must begin a word of it, or stand in it; lower is better. Undefined:
 * not at all.
 */
export function rankOf(text: string, typed: string): number | undefined {
  const low = text.toLowerCase()
  let rank = 0
  for (const word of typed.toLowerCase().split(/\s+/).filter(Boolean)) {
    const at = low.indexOf(word)
    if (at < 0) return undefined
    rank += at === 0 ? 0 : /[\p{L}\p{N}]/u.test(low[at - 1]!) ? 2 : 1
  }
  return rank
}

/** Those that answer, best first; equals stay in their order. */
export function matching<T>(items: readonly T[], text: (item: T) => string, typed: string): T[] {
  return items
    .flatMap((item) => {
      const rank = rankOf(text(item), typed)
      return rank === undefined ? [] : [{ item, rank }]
    })
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item)
}
