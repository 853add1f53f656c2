import { seenTop1 } from '../../../src-main/core/seen-data'
import type { JobView } from '../../stores/job-view'

/** One evaluation of the open model on the open data. */
export interface Check {
  readonly job: string
  readonly split: string
  readonly normalize: string
  readonly top1: number
  readonly top5: number
  readonly images: number
  /** What was found out about the normalisation. */
  readonly note: string | undefined
}

const asRecord = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}

/**
 * Evaluations of this model on this data, the latest first.
 * @param model, data addresses as this window has them, and as the program has them
 */
export function checksOf(jobs: readonly JobView[], model: readonly string[], data: readonly string[]): Check[] {
  return jobs
    .flatMap((job): Check[] => {
      const request = asRecord(job.request)
      const output = asRecord(job.output)
      const { top1, top5, images, split, normalize } = output
      if (job.kind !== 'evaluate' || job.state !== 'finished') return []
      if (!model.includes(String(request['model'])) || !data.includes(String(request['data']))) return []
      if (typeof top1 !== 'number' || typeof top5 !== 'number' || typeof images !== 'number') return []
      const note = job.log.find(({ text }) => text.startsWith('Normalisation detected'))?.text
      return [{ job: job.id, split: String(split), normalize: String(normalize), top1, top5, images, note }]
    })
    .reverse()
}

/** The evaluation that says that images held out of the training set are none the network has not seen. */
export const seenIn = (checks: readonly Check[]): Check | undefined =>
  checks.find(({ split, top1 }) => split === 'validation' && top1 >= seenTop1)

/** How far a share of `images` is uncertain, for 95 %: half of Wilson's interval. */
export function uncertainty(share: number, images: number): number {
  const z = 1.96
  const spread = (share * (1 - share)) / images + z ** 2 / (4 * images ** 2)
  return (z * Math.sqrt(spread)) / (1 + z ** 2 / images)
}
