import { levelOf as level, type Staircase, type StaircasePoint } from '../latency/table'

/** A width against its staircase. Ratios are of the network's latency, as in the staircase. */
export interface StepReading {
  readonly kept: number
  /** Some wider width costs no more. */
  readonly off: boolean
  /** The widest width that costs no more (within what is not worth a step); `kept` where there is none. */
  readonly free: number
  /** Ratio saved by going to `free`: above 0 where wider is faster. */
  readonly gain: number
  /** The nearest width that is faster, wider before narrower at the same distance; 0, its removal, where no width is. */
  readonly better: { readonly kept: number; readonly saved: number } | undefined
}

/** A channel that costs less than this share of the average channel is free. */
const free = 0.25
/** A narrower width must save at least this share of what its channels cost on average: else it lies on the same tread. */
const worthwhile = 0.9
/** Standard errors below which a difference is none. */
const certain = 2

/**
 * Reads a width off a staircase.
 * @param kept 0 where the branch is removed: nothing to say
 */
export function readStep(staircase: Staircase, kept: number): StepReading | undefined {
  const points = staircase.points.filter((point) => point.kept > 0)
  const own = points.find((point) => point.kept === kept)
  const narrowest = points[0]
  if (!own || !narrowest || narrowest.kept === staircase.channels) return undefined
  // What a channel costs on average; a staircase that never rises has no steps to be on.
  const slope = Math.max(0, 1 - level(narrowest)) / (staircase.channels - narrowest.kept)
  const doubt = (other: StaircasePoint): number =>
    other.level === undefined ? certain * Math.hypot(own.noise, other.noise) : certain * usualNoise(points)
  const wider = points.filter(
    (point) => point.kept > kept && level(point) - level(own) <= free * slope * (point.kept - kept),
  )
  const widest = wider.at(-1)
  const better = points
    .flatMap((point) => {
      const [saved, apart] = [level(own) - level(point), kept - point.kept]
      const enough = Math.max(doubt(point), apart > 0 ? worthwhile * slope * apart : 0)
      return saved > 0 && saved >= enough ? [{ kept: point.kept, saved, apart: Math.abs(apart) }] : []
    })
    .sort((a, b) => a.apart - b.apart || b.kept - a.kept)[0]
  const gone = staircase.points.find((point) => point.kept === 0)
  const removal = gone && level(own) - level(gone) >= certain * Math.hypot(own.noise, gone.noise) ? gone : undefined
  const best = better ?? (removal && { kept: 0, saved: level(own) - level(removal) })
  return {
    kept,
    off: widest !== undefined,
    free: widest?.kept ?? kept,
    gain: widest ? level(own) - level(widest) : 0,
    better: best && { kept: best.kept, saved: best.saved },
  }
}

/** Standard error of a tread's level: neighbours vouch for each other, so less than a point's; a third is on the safe side. */
function usualNoise(points: readonly StaircasePoint[]): number {
  const noises = points.map(({ noise }) => noise).sort((a, b) => a - b)
  return (noises[noises.length >> 1] ?? 0) / 3
}
