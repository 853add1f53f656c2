/** What a project's events.jsonl tells of a run, however often it was interrupted. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** @param project its folder */
export function eventsOf(project) {
  const path = join(project, 'events.jsonl')
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : []
  // The last line of a killed run may be half a line.
  return lines.filter((line) => line.endsWith('}')).map((line) => JSON.parse(line))
}

/** Minutes that were worked: of each job from its first event to its last, so that the time between two does not count. */
export function workedMinutes(events) {
  const spans = new Map()
  for (const { job, time } of events) {
    const at = Date.parse(time)
    spans.set(job, { from: spans.get(job)?.from ?? at, to: at })
  }
  return [...spans.values()].reduce((sum, { from, to }) => sum + to - from, 0) / 60_000
}

/** Epochs of all trainings of a run, in order: { stage, epoch, loss, top1, lr, rate }; of one that was repeated, the last. */
export function curvesOf(events) {
  const epochs = new Map()
  for (const { stage, data } of events) {
    const { epoch, loss, top1, lr, pruned } = data?.epoch ?? {}
    if (epoch !== undefined) epochs.set(`${stage} ${epoch}`, { stage, epoch, loss, top1, lr, rate: pruned?.rate })
  }
  return [...epochs.values()]
}
