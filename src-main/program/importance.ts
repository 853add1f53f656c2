import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CoupledGroup, Coupling } from '../core/coupling/groups'
import { fail } from '../core/failure'
import type { Network } from '../core/graph/network'
import {
  criterionNamed,
  groupsWithoutVotes,
  scoreUnits,
  type CriterionOptions,
  type Evidence,
  type Importance,
} from '../core/pruning/criteria'
import type { Progress } from '../core/ports'
import type { DataSource } from '../datasets/dataset'
import type { ChannelTensor } from '../engines/onnxruntime/channels'
import { saveOnnx } from '../formats/onnx/files'
import { loadVectors } from '../formats/vectors'
import type { JobContext } from '../runs/job'
import { chooseEngine, type TrainingEngine } from './engine-choice'
import { withOnnxruntime } from './onnxruntime'

export interface CriterionRequest {
  readonly criterion: string
  readonly nextLayer: boolean
  readonly seed: number
  /** For criteria that look at data. */
  readonly data?: DataSource | undefined
  readonly engine?: 'tensorflow' | 'wasm' | undefined
  /** An engine that runs already. */
  readonly trainer?: TrainingEngine | undefined
}

export interface ScoredNetwork {
  /** Prunable group → importance of its units. */
  readonly importance: Map<string, Importance>
  /** For people: what the criterion could not do. */
  readonly warnings: readonly string[]
}

/** What Taylor scores are averaged over: 40 batches, as in HALP (Shen et al., NeurIPS 2022). */
export const taylorImages = { images: 2560, batch: 64 }
const activationImages = 1024

/**
 * Scores every prunable group of a network; where the criterion looks at data, asks the engine or onnxruntime first.
 * @param coupling of a cleaned network, with the BN that is to be looked at
 * @throws LupineError 'criterion-unknown', 'criterion-needs-data'; of the data or the engine
 */
export async function scoreNetwork(
  coupling: Coupling,
  request: CriterionRequest,
  onProgress: (progress: Progress) => void = () => {},
  job?: JobContext,
): Promise<ScoredNetwork> {
  const { criterion: name, nextLayer, seed } = request
  const criterion = criterionNamed(name)
  const { network } = coupling
  const groups = coupling.groups.filter(({ prunable }) => prunable)
  const evidence = criterion.needs ? await gather(criterion.needs, network, groups, request, onProgress, job) : {}
  const options: CriterionOptions = { nextLayer, seed, evidence }
  const warnings: string[] = []
  if (nextLayer && !criterion.weights)
    warnings.push(`The criterion ${name} does not look at weights: --next-layer changes nothing.`)
  const without = groupsWithoutVotes(network, groups, name, options)
  if (without.length > 0)
    warnings.push(
      `${without.length} of ${groups.length} groups have nothing the criterion ${name} looks at and were scored by L2: ${listed(without)}.`,
    )
  return {
    importance: new Map(groups.map((group) => [group.id, scoreUnits(network, group, name, options)])),
    warnings,
  }
}

/** The first names of a list that may be long. */
const listed = (names: readonly string[]): string =>
  names.length <= 8 ? names.join(', ') : `${names.slice(0, 8).join(', ')} and ${names.length - 8} more`

async function gather(
  kind: keyof Evidence,
  network: Network,
  groups: readonly CoupledGroup[],
  { criterion, data, engine: forced, trainer, seed }: CriterionRequest,
  onProgress: (progress: Progress) => void,
  job?: JobContext,
): Promise<Evidence> {
  if (!data)
    throw fail(
      'usage',
      'criterion-needs-data',
      `The criterion "${criterion}" looks at data, and none was given.`,
      'Add --data, or use l1, l2, fpgm, bn or random.',
    )
  const folder = await mkdtemp(join(tmpdir(), 'lupine-evidence-'))
  const files = { model: join(folder, 'model.onnx'), out: join(folder, 'figures.json') }
  const calls = {
    ...(job && { signal: job.signal }),
    onProgress: ({ done, total }: Progress) => onProgress({ done, total, detail: `${criterion} scores` }),
  }
  try {
    await saveOnnx(files.model, network)
    if (kind === 'activation') {
      const tensors = contracted(network, groups)
      if (tensors.length === 0) return { activation: new Map() }
      const request = { ...files, data, images: activationImages, tensors, figure: 'absolute' as const }
      await withOnnxruntime((ort) => ort.call('channels', request, calls), job)
      return { activation: await loadVectors(files.out) }
    }
    if (!network.nodes.some(({ op }) => op === 'BatchNormalization')) return { taylor: new Map() }
    const request = { ...files, data, ...taylorImages, seed }
    if (trainer) await trainer.call('sensitivity', request, calls)
    else await withEngine(forced, (engine) => engine.call('sensitivity', request, calls), job)
    return { taylor: await loadVectors(files.out) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** An engine for as long as `work` runs; pauses with the job. */
async function withEngine<T>(
  forced: CriterionRequest['engine'],
  work: (engine: TrainingEngine) => Promise<T>,
  job?: JobContext,
): Promise<T> {
  const { handle, note } = await chooseEngine(forced, job)
  if (note) job?.note('warning', note)
  job?.onPause((paused) => handle.pause(paused))
  try {
    return await work(handle)
  } finally {
    await handle.stop()
  }
}

/** Activations that a layer sums over: where a channel's contribution enters what follows. */
function contracted(network: Network, groups: readonly CoupledGroup[]): ChannelTensor[] {
  const read = new Set(
    network.nodes
      .filter(({ name }) => groups.some(({ contractors }) => contractors.includes(name)))
      .map(({ inputs }) => inputs[0]!),
  )
  const tensors = new Map<string, ChannelTensor>()
  for (const { members } of groups)
    for (const { tensor, axis } of members) if (read.has(tensor)) tensors.set(tensor, { tensor, axis })
  return [...tensors.values()]
}
