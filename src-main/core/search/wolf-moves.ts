import type { Random } from '../ports'

/**
 * The moves of the grey wolf optimizer (Mirjalili, Mirjalili & Lewis, Adv. Eng. Softw. 69, 2014) and of I-GWO's
 * dimension-learning hunting (Nadimi-Shahraki, Taghian & Mirjalili, Expert Syst. Appl. 166, 2021), on plain vectors.
 */
export type Position = readonly number[]

/** How the encircling parameter falls from 2 to 0 over the search. */
export type Decay = 'linear' | 'nonlinear'

/** a(t): 2(1 − t/T), or 2(1 − (t/T)^1.5), which explores for longer (cf. Seyyedabbasi & Kiani 2021). */
export function encircling(progress: number, decay: Decay): number {
  const t = Math.min(1, Math.max(0, progress))
  return 2 * (1 - (decay === 'linear' ? t : t ** 1.5))
}

/** The mean of all positions: the origin of `gwoMove`. */
export function centre(positions: readonly Position[]): number[] {
  return positions[0]!.map((_, d) => positions.reduce((sum, x) => sum + x[d]!, 0) / positions.length)
}

/**
 * GWO's step: the mean of three encirclements, with fresh r1, r2 for every leader and dimension. The C·L of the
 * original makes the origin of the coordinates an attractor (here it would be "prune nothing"); measured from the
 * pack's centre instead, the step does not depend on where zero happens to be.
 */
export function gwoMove(
  x: Position,
  leaders: readonly Position[],
  origin: Position,
  a: number,
  random: Random,
): number[] {
  return x.map((from, d) => {
    let sum = 0
    for (let l = 0; l < 3; l++) {
      const leader = leaders[Math.min(l, leaders.length - 1)]![d]!
      const A = 2 * a * random.next() - a
      const C = 2 * random.next()
      sum += leader - A * Math.abs(C * (leader - origin[d]!) - (from - origin[d]!))
    }
    return fixBound(from, sum / 3)
  })
}

const distance = (a: Position, b: Position): number => Math.hypot(...a.map((value, d) => value - b[d]!))

/**
 * I-GWO's second candidate for wolf i (eq. 10–12): in each dimension it learns from a random neighbour (those within
 * the distance that its GWO step would take it) and a random wolf of the pack.
 * @param partner that wolf: the i-th of a random permutation of the pack
 */
export function dlhMove(
  i: number,
  pack: readonly Position[],
  moved: Position,
  partner: Position,
  random: Random,
): number[] {
  const x = pack[i]!
  const radius = distance(x, moved)
  // Contains i itself; only rounding could exclude it.
  const neighbours = pack.filter((other, j) => j === i || distance(x, other) <= radius)
  return x.map((from, d) => {
    const neighbour = neighbours[random.below(neighbours.length)]!
    return fixBound(from, from + random.next() * (neighbour[d]! - partner[d]!))
  })
}

/** I-GWO's bound: halfway between where it came from and the bound it would violate, so wolves do not pile up there. */
export function fixBound(from: number, to: number): number {
  if (to < 0) return from / 2
  if (to > 1) return (from + 1) / 2
  return to
}
