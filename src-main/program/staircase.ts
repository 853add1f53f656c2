import type { JobResult } from '../contract'
import { fail } from '../core/failure'
import { survey, type Survey } from '../core/latency/survey'
import type { LatencyGroup } from '../core/latency/table'
import { createCostModel } from '../core/pruning/cost-model'
import { latencyGroups } from '../core/pruning/latency-groups'
import { createSubject, type Subject } from '../core/pruning/subject'
import type { JobContext } from '../runs/job'
import { deviceFor, nothingToPrune, tableOracle } from './latency-oracles'
import { sizesFrom, withSizes } from './input-size'
import { loadModel, naming } from './load'

export interface StaircaseRequest {
  readonly model: string
  readonly input?: string | undefined
  readonly device: string
  readonly layer?: string | undefined
  readonly streams: boolean
  readonly fresh: boolean
  readonly seed: number
}

/**
 * `staircase MODEL --device D`: latency over the widths of every group a search can move, with its steps.
 * @throws LupineError of the model, 'nothing-to-prune', 'layer-unknown', kind 'device'
 */
export async function staircaseJob(request: StaircaseRequest, job: JobContext): Promise<JobResult<'staircase'>> {
  const device = await deviceFor(request.device, job)
  const { network } = await loadModel(request.model)
  // Written into the network: what is measured at one size is not taken for another's.
  const sized = withSizes(network, sizesFrom(request.input, network, request.model))
  const subject = naming(request.model, () => createSubject(sized, { streams: request.streams }))
  const all = latencyGroups(subject)
  const chosen = request.layer === undefined ? all : [groupOfLayer(subject, all, request.layer)]
  if (chosen.length === 0) throw nothingToPrune()
  // What is alike is measured together, also when only one of them was asked for: the noise is shared out.
  const groups = all.filter(({ signature }) => chosen.some((group) => group.signature === signature))
  const { cached, timed } = await tableOracle(device, subject, request.seed, request.fresh, job)
  const costs = createCostModel(subject)
  job.stage('table', 'staircases', 0, 1)
  const found = await survey(groups, (variants, repetition) => cached.measure(variants, repetition), {
    macs: (widths) => costs.cost('macs', widths),
    onProgress: (done, total, detail) => job.progress('table', { done, total, detail }),
  })
  const sentinel = sentinelOf(found)
  return {
    device: await device.key(),
    sentinel,
    layers: chosen.map((group) => layerOf(subject, groups, group, found, sentinel)),
    measured: timed.measured,
    cached: cached.known,
    seconds: timed.seconds,
  }
}

/** ms of the unpruned network: what the points' medians and ratios say together. */
function sentinelOf({ points }: Survey): number {
  const times = points.map(({ measurement }) => measurement.median / measurement.ratio).sort((a, b) => a - b)
  return times[times.length >> 1] ?? 0
}

function layerOf(
  subject: Subject,
  groups: readonly LatencyGroup[],
  group: LatencyGroup,
  { table, points }: Survey,
  sentinel: number,
): JobResult<'staircase'>['layers'][number] {
  const own = subject.coupling.groups.find(({ id }) => id === group.id)!
  const node = subject.network.nodes.find(({ name }) => name === own.producers[0])
  const input = node?.inputs[0] ?? ''
  const follows = own.members.some(({ tensor }) => tensor === input)
  const given = Number(subject.coupling.shapes.get(input)?.[1] ?? 0)
  const staircase = table.staircases[group.signature]!
  const alike = groups.filter(({ signature }) => signature === group.signature).length
  const spread = new Map(
    points
      .filter(({ point }) => point.signature === group.signature)
      .map(({ point, measurement }) => [point.kept, (measurement.mad / measurement.median) * measurement.ratio]),
  )
  return {
    name: node?.name ?? group.id,
    group: group.id,
    alike,
    points: staircase.points.map(({ kept, ratio, noise }) => ({
      cin: follows ? kept : given,
      cout: kept,
      median: ratio * sentinel,
      mad: (spread.get(kept) ?? 0) * sentinel,
      ratio,
      noise,
    })),
    steps: staircase.steps.map(({ from, to, drop }) => {
      return { from, to, saved: drop * sentinel, kind: drop > 0 ? ('step' as const) : ('penalty' as const) }
    }),
  }
}

/** @throws LupineError 'layer-unknown', 'layer-fixed' */
function groupOfLayer(subject: Subject, groups: readonly LatencyGroup[], name: string): LatencyGroup {
  const own = subject.coupling.groups.find(({ id, producers }) => id === name || producers.includes(name))
  const found = groups.find(({ id }) => id === own?.id)
  if (found) return found
  const hint = `lupine inspect lists the groups; those measured are ${groups
    .slice(0, 5)
    .map(({ id }) => id)
    .join(', ')}${groups.length > 5 ? ', …' : ''}.`
  if (own?.stream)
    throw fail(
      'usage',
      'layer-fixed',
      `"${name}" is a residual stream (${own.id}).`,
      'Add --streams to measure it too.',
    )
  throw own
    ? fail('usage', 'layer-fixed', `The channels of "${name}" (${own.id}) cannot be pruned.`, hint)
    : fail('usage', 'layer-unknown', `This model has no layer or group "${name}".`, hint)
}
