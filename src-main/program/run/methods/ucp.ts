import { join } from 'node:path'
import { findBranches } from '../../../core/coupling/branches'
import { findGroups, type CoupledGroup } from '../../../core/coupling/groups'
import { fail } from '../../../core/failure'
import { aboveMean, canBeGated, fromScratch, gateScores, insertGates, withoutGates } from '../../../core/methods/gates'
import { applyPlan } from '../../../core/pruning/surgery'
import { evenWidths, topUnits } from '../../../core/pruning/widths'
import { createRandom, deriveSeed } from '../../../core/statistics/random'
import { loadOnnx, saveOnnx } from '../../../formats/onnx/files'
import { loadVectors, vectorsFromJson, vectorsToJson } from '../../../formats/vectors'
import { targetOf } from './target'
import { train } from '../../finetune'
import { withOnnxruntime } from '../../onnxruntime'
import type { Method, MethodScene } from './method'

/** Images the mean gates are of: of the training set, where the authors' code takes the test set. */
const gateImages = 2048

const gatedGroups = ({ working, groups }: MethodScene): CoupledGroup[] =>
  groups.filter((group) => canBeGated(working.network, group))

/**
 * Uniform Channel Pruning (Chang et al., JIFS 2021): trained with squeeze-and-excitation blocks, whose mean gates say
 * what a channel is worth; all layers of equal width, and so a residual stage, come to one width; the blocks go, and
 * what is left is trained from scratch, or with the weights it has.
 */
export const ucp: Method = {
  check(scene) {
    if (gatedGroups(scene).length > 0) return
    throw fail(
      'input',
      'method-needs-convolutions',
      `ucp puts its gates behind convolutions, and none of ${scene.request.model} makes channels that could be pruned.`,
      'Use l1 or fpgm, which judge any layer by its weights.',
    )
  },
  async run(scene) {
    const { options, files, engine, imported, job, working, request } = scene
    const groups = gatedGroups(scene)
    const random = (what: string) => createRandom(deriveSeed(request.seed, `ucp ${what}`))
    const { network, gates } = insertGates(working.network, groups, random('gates'))
    const [model, out] = [join(files.method, 'gated.onnx'), join(files.method, 'trained.onnx')]
    await saveOnnx(model, network)
    const recipe = scene.recipe({ learningRate: Number(options['lr']) })
    const checkpoints = join(files.method, 'checkpoints')
    await train(engine.handle, { model, out, data: imported.data, recipe, checkpoints }, job, 'method')
    const means = await meanGates(
      scene,
      out,
      gates.map(({ tensor }) => tensor),
    )
    const scores = new Map(groups.map((group) => [group.id, gateScores(group, gates, means)]))
    const plan =
      Object.keys(targetOf(request)).length > 0
        ? await scene.fit({ widths: (share) => evenWidths(groups, share) })
        : {
            widths: uniformed(groups, (id) => aboveMean(scores.get(id)!, Number(options['lambda']))),
            measured: undefined,
          }
    const keep = new Map(
      groups
        .filter(({ id, channels }) => plan.widths[id]! < channels)
        .map(({ id }) => [id, topUnits(scores.get(id)!, plan.widths[id]!)]),
    )
    const bare = withoutGates(working.network, await loadOnnx(out), gates, means)
    const coupling = findGroups(bare)
    const pruned = applyPlan(coupling, findBranches(coupling), keep)
    await saveOnnx(files.pruned, options['inherit'] ? pruned : fromScratch(pruned, random('weights')))
    const how = options['inherit'] ? 'with the weights it has' : 'from scratch: give it enough --epochs'
    return {
      keep: Object.fromEntries(keep),
      ...(plan.measured !== undefined && { measured: plan.measured }),
      notes: [
        `ucp: ${keep.size} of ${groups.length} groups pruned by their mean gates; what is left is trained ${how}.`,
      ],
    }
  },
}

/** One width for all groups of equally many channels: the mean of what each would keep. */
function uniformed(groups: readonly CoupledGroup[], width: (id: string) => number): Record<string, number> {
  const of = (channels: number): number => {
    const alike = groups.filter((group) => group.channels === channels)
    return Math.max(1, Math.round(alike.reduce((sum, { id }) => sum + width(id), 0) / alike.length))
  }
  return Object.fromEntries(groups.map(({ id, channels }) => [id, of(channels)]))
}

async function meanGates({ files, imported, job, journal }: MethodScene, model: string, tensors: readonly string[]) {
  const out = join(files.method, 'gates.json')
  const figures = await journal.record('gates', String(tensors.length), async () => {
    const request = { model, out, data: imported.data, images: gateImages, figure: 'absolute' as const }
    await withOnnxruntime(
      (ort) =>
        ort.call(
          'channels',
          { ...request, tensors: tensors.map((tensor) => ({ tensor, axis: 1 })) },
          {
            signal: job.signal,
            onProgress: ({ done, total }) => job.progress('method', { done, total, detail: 'mean gates' }),
          },
        ),
      job,
    )
    return vectorsToJson(await loadVectors(out))
  })
  return vectorsFromJson(figures)
}
