import type { Random } from '../ports'

/** One step of splitmix32: spreads any 32-bit value over all 32 bits. */
function splitmix(state: number): number {
  let z = (state + 0x9e3779b9) | 0
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
  return (z ^ (z >>> 15)) >>> 0
}

const rotate = (x: number, k: number): number => (x << k) | (x >>> (32 - k))

/** xoshiro128** (Blackman & Vigna, "Scrambled linear pseudorandom number generators", ACM TOMS 2021). */
class Xoshiro implements Random {
  constructor(private readonly words: Uint32Array) {}

  private bits(): number {
    const s = this.words
    const [s0, s1, s2, s3] = [s[0]!, s[1]!, s[2]!, s[3]!]
    const result = Math.imul(rotate(Math.imul(s1, 5), 7), 9) >>> 0
    s[2] = s2 ^ s0
    s[3] = s3 ^ s1
    s[1] = s1 ^ s[2]!
    s[0] = s0 ^ s[3]!
    s[2] = s[2]! ^ (s1 << 9)
    s[3] = rotate(s[3]!, 11)
    return result
  }

  next(): number {
    const high = this.bits() >>> 5
    const low = this.bits() >>> 6
    return (high * 67108864 + low) / 9007199254740992
  }

  below(bound: number): number {
    return Math.floor(this.next() * bound)
  }

  /** Box–Muller without keeping the second value, so that the state stays four words. */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()))
    return radius * Math.cos(2 * Math.PI * this.next())
  }

  state(): number[] {
    return Array.from(this.words)
  }
}

/** A stream from a seed (any non-negative safe integer). The same seed gives the same stream. */
export function createRandom(seed: number): Random {
  const words = new Uint32Array(4)
  let z = splitmix(seed >>> 0) ^ splitmix(Math.floor(seed / 4294967296) + 0x51ed270b)
  for (let i = 0; i < 4; i++) {
    z = (z + 0x9e3779b9) >>> 0
    words[i] = splitmix(z)
  }
  return new Xoshiro(words)
}

/** The stream that `state()` was read from, continued. */
export function restoreRandom(state: readonly number[]): Random {
  if (state.length !== 4) throw new RangeError(`a random state has 4 words, not ${state.length}`)
  return new Xoshiro(Uint32Array.from(state))
}

/** A seed for a named sub-stream, so that adding draws in one place does not shift all others. 32 bits. */
export function deriveSeed(seed: number, label: string): number {
  let hash = 0x811c9dc5 ^ splitmix(seed >>> 0) ^ splitmix(Math.floor(seed / 4294967296) + 1)
  for (let i = 0; i < label.length; i++) hash = Math.imul(hash ^ label.charCodeAt(i), 0x01000193)
  return splitmix(hash)
}

/** The integers below `count` in random order (Fisher–Yates). */
export function permutation(count: number, random: Random): number[] {
  const order = Array.from({ length: count }, (_, i) => i)
  for (let i = count - 1; i > 0; i--) {
    const j = random.below(i + 1)
    ;[order[i], order[j]] = [order[j]!, order[i]!]
  }
  return order
}
