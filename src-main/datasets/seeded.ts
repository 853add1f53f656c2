/**
 * Randomness as a function of its place: the same (seed, epoch, image) gives the same numbers whatever was drawn
 * before, in whichever thread. Integer arithmetic only, so every machine agrees.
 */
import type { Random } from '../core/ports'
import { createRandom, permutation } from '../core/statistics/random'

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

/** The stream of the given key. */
export const streamOf = (...key: readonly number[]): Random => createRandom(mix(...key))

/** 0 … size−1 in the order the key decides. */
export const permutationOf = (size: number, ...key: readonly number[]): Uint32Array =>
  Uint32Array.from(permutation(size, streamOf(...key)))
