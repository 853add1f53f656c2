import type { LatencyMeasurement } from '../../core/ports'
import { mad, median, quantile } from '../../core/statistics/robust'
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
