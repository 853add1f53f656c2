/**
 * How much of each layer is pruned, how softly, and how finally, epoch by epoch: the schedules of the filter pruning
 * methods that differ in nothing else. From the code of SFP (He et al., IJCAI 2018) and PGMPF (Cai et al., AAAI 2022),
 * whose author wrote SRFP and GHFP; where their papers could not be had, this is our reading.
 */

/** How the rate P_t gets to P. */
export type RateSchedule = 'constant' | 'exponential' | 'cubic'
/** How λ_t, the share of the pruned filters that is final, gets to 1. */
export type HardSchedule = 'never' | 'always' | 'cubic' | 'cosine'

export interface FilterSchedule {
  /** P: fraction of each layer's filters that is pruned in the end. */
  readonly rate: number
  /** T. */
  readonly epochs: number
  readonly rising: RateSchedule
  /** α₀: what a softly pruned filter is multiplied by at first; 0: it is set to zero. */
  readonly softness: number
  /** σ: what α has decayed to by the end. */
  readonly residue: number
  readonly hard: HardSchedule
  /** From this part of the epochs on α is 0. */
  readonly softUntil: number
  /** From this part of the epochs on the rate is P. */
  readonly risesUntil: number
}

export const filterMethods = ['sfp', 'asfp', 'srfp', 'asrfp', 'hfp', 'ghfp'] as const
export type FilterMethod = (typeof filterMethods)[number]

/** What sets a method apart from SFP. */
const differences: Readonly<Record<FilterMethod, Partial<FilterSchedule>>> = {
  sfp: {},
  asfp: { rising: 'exponential' },
  srfp: { softness: 1 },
  asrfp: { rising: 'exponential', softness: 1 },
  hfp: { hard: 'always' },
  // Our reading: gradually hard on top of SFP; `softness` and `rising` put it on top of the others.
  ghfp: { hard: 'cubic' },
}

/** A method's schedule, with what the user changes about it. */
export function filterSchedule(
  method: FilterMethod,
  rate: number,
  epochs: number,
  changes: Partial<FilterSchedule> = {},
): FilterSchedule {
  return {
    ...{
      rate,
      epochs,
      rising: 'constant',
      softness: 0,
      residue: 1e-5,
      hard: 'never',
      softUntil: 0.9,
      risesUntil: 0.95,
    },
    ...differences[method],
    ...changes,
  }
}

/** P_t, α_t, λ_t. */
export interface FilterStep {
  readonly rate: number
  readonly alpha: number
  readonly lambda: number
}

/** By when ASFP's rate has come to three quarters: an eighth of the epochs. */
const quarter = 1 / 8

/** @param epoch t, from 0; the last one, T − 1, is always final: P, α = 0, and λ at its end. */
export function filterStep(schedule: FilterSchedule, epoch: number): FilterStep {
  const { rate, epochs, rising, softness, residue, hard, softUntil, risesUntil } = schedule
  const last = epoch >= epochs - 1
  const late = (part: number): boolean => last || epoch >= part * epochs
  const risen = {
    constant: () => 1,
    exponential: () => 1 - Math.exp((-epoch * Math.log(4)) / (quarter * epochs)),
    cubic: () => 1 - (1 - (epoch + 1) / epochs) ** 3,
  }
  const hardness = {
    never: () => 0,
    always: () => 1,
    cubic: () => 1 - (1 - (epoch + 1) / epochs) ** 3,
    cosine: () => (late(0.9) ? 1 : 1 - (1 + Math.cos((Math.PI * epoch) / (0.9 * epochs))) / 2),
  }
  const decay = softness > 0 ? -Math.log(residue / (softness + 0.01 * residue)) / epochs : 0
  return {
    rate: rate * (late(risesUntil) ? 1 : risen[rising]()),
    alpha: late(softUntil) ? 0 : softness * Math.exp(-decay * epoch),
    lambda: hardness[hard](),
  }
}

/** int(N·P), spared the rounding of a rate such as 1 − 0.9; one filter at least stays. */
export const prunedCount = (filters: number, rate: number): number =>
  Math.min(filters - 1, Math.floor(filters * rate + 1e-9))
