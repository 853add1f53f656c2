import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { JobResult } from '../contract'
import { findGroups } from '../core/coupling/groups'
import { inferShapes } from '../core/graph/shapes'
import { createSubject, type Subject } from '../core/pruning/subject'
import { median } from '../core/statistics/robust'
import { describeSamples, sentinelDrift } from '../devices/measuring/summary'
import { deviceFor } from './latency-oracles'
import { inputShape } from '../devices/oracle'
import type { LayerTime } from '../devices/device'
import { saveOnnx } from '../formats/onnx/files'
import type { JobContext } from '../runs/job'
import { sizesFrom } from './input-size'
import { loadModel, naming } from './load'

export interface ProfileRequest {
  readonly model: string
  readonly input?: string | undefined
  readonly device: string
  readonly runs?: number | undefined
  readonly seed: number
}

/** Rounds in which the sentinel is this much slower than its median are discarded: something else had the machine. */
const disturbed = 1.25

/**
 * `profile MODEL --device D`: the file as given, interleaved with itself cleaned up as the sentinel.
 * @throws LupineError of the model, kind 'device'
 */
export async function profileJob(request: ProfileRequest, job: JobContext): Promise<JobResult<'profile'>> {
  const device = await deviceFor(request.device, job)
  const { network } = await loadModel(request.model)
  const sizes = sizesFrom(request.input, network, request.model)
  const coupling = naming(request.model, () => findGroups(network, inferShapes(network, sizes)))
  const subject = createSubject(network, { coupling })
  const folder = await mkdtemp(join(tmpdir(), 'lupine-profile-'))
  try {
    const cleaned = join(folder, 'cleaned.onnx')
    await saveOnnx(cleaned, subject.network)
    const shape = inputShape(coupling)
    const processes = 5
    const raw = await device.measure([cleaned, request.model], shape, {
      processes,
      rounds: Math.max(3, Math.ceil((request.runs ?? 100) / processes)),
      slice: 0,
      seed: request.seed,
      cancellation: job,
      onProgress: (done, total) => job.progress('profile', { done, total }),
    })
    const sentinels = raw.processes.flatMap(({ samples }) => samples[0]!)
    const middle = median(sentinels)
    const all = raw.processes.flatMap(({ samples }) => samples[1]!)
    const kept = all.filter((_, i) => sentinels[i]! <= disturbed * middle)
    const samples = kept.length >= all.length / 2 ? kept : all
    await job.gate()
    const layers = await device.layers(request.model, shape, 50)
    return {
      device: raw.device,
      ...describeSamples(samples),
      samples,
      sentinel: { median: middle, drift: sentinelDrift(raw) },
      layers: withGroups(layers, subject),
      state: raw.state,
      discarded: all.length - samples.length,
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** A runtime renames fused layers ("…_nchwc", or the last output's name): the longest known name in it counts. */
function withGroups(layers: readonly LayerTime[], subject: Subject): JobResult<'profile'>['layers'] {
  const groupOf = new Map<string, string>()
  for (const group of subject.coupling.groups) {
    for (const name of group.producers) groupOf.set(name, group.id)
    for (const { tensor } of group.members) if (!groupOf.has(tensor)) groupOf.set(tensor, group.id)
  }
  const known = [...groupOf.keys()].sort((a, b) => b.length - a.length)
  return layers.map((layer) => {
    const name = known.find((candidate) => layer.name.includes(candidate))
    return { ...layer, ...(name ? { group: groupOf.get(name)! } : {}) }
  })
}
