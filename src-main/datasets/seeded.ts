/**
 * Randomness as a function of its place: the same (seed, epoch, image) gives the same numbers whatever was drawn
 * before, in whichever thread. Integer arithmetic only, so every machine agrees.
 */

/** A well-mixed 32-bit value of the given integers (MurmurHash3's mixing steps). */
export function mix(...values: readonly number[]): number {
  let h = 0x9e3779b9
  for (const value of values) {
    let k = Math.imul(value | 0, 0xcc9e2d51)
    k = (k << 15) | (k >>> 17)
    h ^= Math.imul(k, 0x1b873593)
    h = (h << 13) | (h >>> 19)
    h = (Math.imul(h, 5) + 0xe6546b64) | 0
  }
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** A stream of uniform numbers in [0, 1), one per call (mulberry32). */
export function stream(...key: readonly number[]): () => number {
  let state = mix(...key)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** Shuffles in place (Fisher–Yates) and returns its argument. */
export function shuffle(values: Uint32Array, next: () => number): Uint32Array {
  for (let i = values.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1))
    const held = values[i]
    values[i] = values[j]
    values[j] = held
  }
  return values
}

/** 0 … size−1 in the order the key decides. */
export function permutation(size: number, ...key: readonly number[]): Uint32Array {
  return shuffle(
    Uint32Array.from({ length: size }, (_, i) => i),
    stream(...key),
  )
}
