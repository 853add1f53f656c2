import type { JobEvent } from '../contract'

type Progress = Extract<JobEvent, { type: 'progress' }>

/** Of each kind; together some hundred kilobytes. */
const most = { plain: 400, best: 60, measured: 100, epochs: 400, sample: 240 }

/**
 * Of many events those that a view can't do without, in order: all that is no progress (the last 400 of it), of each
 * stage the last progress and the last that told each figure, every epoch, the candidates that were measured or best, and
 * an even sample of the others, so that a drawing keeps its shape.
 */
export function thinEvents(events: readonly JobEvent[]): JobEvent[] {
  const progress = events.filter((event) => event.type === 'progress')
  const kept = new Set<JobEvent>(events.filter((event) => event.type !== 'progress').slice(-most.plain))
  const last = new Map<string, Progress>()
  for (const event of progress) {
    last.set(event.stage, event)
    for (const key of Object.keys(dataOf(event))) last.set(`${event.stage} ${key}`, event)
  }
  const having = (key: string) => progress.filter((event) => typeof dataOf(event)[key] === 'number')
  const fitness = (event: Progress) => dataOf(event)['fitness'] as number
  const best = having('fitness').sort((a, b) => fitness(a) - fitness(b) || a.n - b.n)
  const epochs = progress.filter((event) => dataOf(event)['epoch'] !== undefined)
  const chosen = [
    ...last.values(),
    ...best.slice(0, most.best),
    ...having('measured').slice(-most.measured),
    ...epochs.slice(-most.epochs),
    ...evenly(progress, most.sample),
  ]
  for (const event of chosen) kept.add(event)
  return [...kept].sort((a, b) => a.n - b.n)
}

const dataOf = ({ data }: Progress): Record<string, unknown> =>
  typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {}

function evenly<T>(items: readonly T[], count: number): T[] {
  const step = Math.max(1, items.length / count)
  return Array.from({ length: Math.min(count, items.length) }, (_, i) => items[Math.floor(i * step)]!)
}
