import type { LatencyMeasurement } from '../../core/ports'
import { mad, MAD_TO_SIGMA, median, quantile } from '../../core/statistics/robust'
import type { RawMeasurement } from '../device'

/**
 * Each model's latency as a ratio to the sentinel: per round model/sentinel, the median of a process's rounds, then the
 * median over processes. What drifts within a round's second is all that does not divide out.
 */
export function ratios(raw: RawMeasurement): LatencyMeasurement[] {
  return raw.models.map((_, model) => {
    const perProcess = raw.processes.map(({ samples }) => {
      const rounds = samples[model]!.map((ms, round) => ms / samples[0]![round]!)
      return { ratio: median(rounds), median: median(samples[model]!), spread: mad(rounds) }
    })
    const middle = median(perProcess.map((p) => p.median))
    return {
      ratio: median(perProcess.map((p) => p.ratio)),
      median: middle,
      // Of the ratio, in ms: what drift adds to both has divided out.
      mad: median(perProcess.map((p) => p.spread)) * middle,
      samples: raw.processes.reduce((sum, { samples }) => sum + samples[model]!.length, 0),
    }
  })
}

/**
 * Each model's percentile of single inferences over the sentinel's, per process; of the processes the median. The
 * spread is that of the halves of all processes, each of which is a measurement of its own.
 * @param raw measured with a slice of 0
 * @param percentile in (0, 100)
 */
export function tailRatios(raw: RawMeasurement, percentile: number): LatencyMeasurement[] {
  const p = percentile / 100
  return raw.models.map((_, model) => {
    const of = (part: (round: number) => boolean) =>
      raw.processes.map(({ samples }) => {
        const [own, base] = [samples[model]!, samples[0]!].map((list) =>
          quantile(
            list.filter((_, r) => part(r)),
            p,
          ),
        )
        return own! / base!
      })
    const ratio = median(of(() => true))
    const halves = [...of((round) => round % 2 === 0), ...of((round) => round % 2 === 1)]
    const variance = halves.reduce((sum, half) => sum + (half - ratio) ** 2, 0) / halves.length
    const middle = median(raw.processes.map(({ samples }) => quantile(samples[model]!, p)))
    // As one sample, whose error is the error of the ratio.
    const error = Math.sqrt(variance / halves.length) / ratio
    return { ratio, median: middle, mad: (error * middle) / MAD_TO_SIGMA, samples: 1 }
  })
}

/** `ratios`, or at a percentile `tailRatios`. */
export const ratiosAt = (raw: RawMeasurement, percentile: number | undefined): LatencyMeasurement[] =>
  percentile === undefined ? ratios(raw) : tailRatios(raw, percentile)

/** Statistics of one model's samples, ms. */
export function describeSamples(samples: readonly number[]) {
  return {
    median: median(samples),
    mad: mad(samples),
    p90: quantile(samples, 0.9),
    p95: quantile(samples, 0.95),
    p99: quantile(samples, 0.99),
    min: Math.min(...samples),
  }
}

/** How much the sentinel moved between the first and the last third of the measurement, as a fraction. */
export function sentinelDrift(raw: RawMeasurement): number {
  const all = raw.processes.flatMap(({ samples }) => samples[0]!)
  const third = Math.max(1, Math.floor(all.length / 3))
  const first = median(all.slice(0, third))
  return Math.abs(median(all.slice(-third)) - first) / first
}
