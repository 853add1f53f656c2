import type { ProjectCandidate } from '../../contract'
import type { ChartModel, Series } from '../../core/charts/model'

const short = (value: number): string => String(Number(value.toPrecision(3)))

/** The plans that the device has measured, in the plane of latency and divergence. @param unit of the original, ms */
export function planeChart(
  candidates: readonly ProjectCandidate[],
  unit: number,
  budget: number | undefined,
): ChartModel {
  const known = candidates.flatMap(({ score, latency, refined }) =>
    score && latency ? [{ divergence: Math.max(1e-6, score.divergence), ratio: latency.ratio, refined }] : [],
  )
  const measured: Series = {
    ...{ name: 'measured', kind: 'dots', colour: 'measured' },
    x: known.map(({ ratio }) => ratio * unit),
    y: known.map(({ divergence }) => divergence),
  }
  return {
    title: 'Candidates',
    summary: `Latency and divergence of the ${known.length} plans that the device measured, of ${candidates.length} scored.`,
    x: { label: 'latency, ms', text: short },
    y: { label: 'divergence before fine-tuning, nats', log: true, text: short },
    series: [measured],
    ...(budget !== undefined && { marks: [{ axis: 'x' as const, at: budget * unit, label: 'budget' }] }),
  }
}
