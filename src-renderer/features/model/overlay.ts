import type { JobView } from '../../stores/job-view'
import { timesOf, type MeasuredLayer } from './scene'
import type { GraphNode } from '../../../src-main/contract/model'

interface Graph {
  readonly nodes: readonly GraphNode[]
  readonly edges: readonly (readonly [number, number])[]
}

export interface Times {
  /** Milliseconds per node, where the device told. */
  readonly ms: readonly (number | undefined)[]
  readonly total: number
  /** Where it was measured. */
  readonly device: string
}

const asRecord = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}

/**
 * The latest measured times of this model's layers: a profile of it.
 * @param model its address, and its path: jobs tell what they were started with as the program has it
 */
export function timesFor(
  model: readonly string[],
  { nodes, edges }: Graph,
  jobs: readonly JobView[],
): Times | undefined {
  const job = jobs.findLast(
    ({ kind, state, request }) =>
      kind === 'profile' && state === 'finished' && model.includes(textOf(asRecord(request)['model'])),
  )
  const { layers, median } = asRecord(job?.output)
  if (!job || !Array.isArray(layers) || typeof median !== 'number') return undefined
  return {
    ms: timesOf(nodes, edges, layers.filter(isMeasured)),
    total: median,
    device: textOf(asRecord(job.request)['device']),
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

const isMeasured = (layer: unknown): layer is MeasuredLayer => {
  const { name, median } = asRecord(layer)
  return typeof name === 'string' && typeof median === 'number'
}
