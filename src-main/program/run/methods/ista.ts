import { join } from 'node:path'
import { fail } from '../../../core/failure'
import { findGroups } from '../../../core/coupling/groups'
import { beforeFinalActivation } from '../../../core/graph/outputs'
import { absorbConstants, constantChannels, constantUnits } from '../../../core/methods/constant-channels'
import { memoryPenalties, rescaled } from '../../../core/methods/ista'
import { findBranches } from '../../../core/coupling/branches'
import { applyPlan } from '../../../core/pruning/surgery'
import { unitsBut } from '../../../core/pruning/units'
import { loadOnnx, saveOnnx } from '../../../formats/onnx/files'
import { compareNetworks } from '../../compare'
import { train } from '../../finetune'
import { withOnnxruntime } from '../../onnxruntime'
import type { Method } from './method'
import { needNorms, normedGroups } from './scales'

/**
 * Ye et al., "Rethinking the smaller-norm-less-informative assumption" (ICLR 2018): proximal steps bring BN scales to
 * exactly zero; the constants such channels then are go into the layers that read them, and the channels go.
 */
export const ista: Method = {
  check: needNorms,
  async run(scene) {
    const { options, files, engine, imported, job, working } = scene
    const groups = normedGroups(working.network, scene.groups)
    const [alpha, rho] = [Number(options['alpha']), Number(options['rho'])]
    const [model, out] = [join(files.method, 'rescaled.onnx'), join(files.method, 'trained.onnx')]
    await saveOnnx(model, rescaled(working.network, groups, alpha))
    const penalties = memoryPenalties(working.coupling, groups)
    await train(
      engine.handle,
      {
        ...{ model, out, data: imported.data, checkpoints: join(files.method, 'checkpoints') },
        // Plain steps, as in the paper: a momentum would carry scales over zero.
        recipe: scene.recipe({ learningRate: Number(options['lr']), momentum: 0, nesterov: false }),
        regime: {
          ...{ kind: 'scales', step: 'proximal' },
          strengths: Object.fromEntries([...penalties].map(([name, penalty]) => [name, rho * penalty])),
        },
      },
      job,
      'method',
    )
    const names = new Set(groups.map(({ id }) => id))
    const trained = findGroups(await loadOnnx(out))
    const own = trained.groups.filter(({ id }) => names.has(id))
    const coupling = findGroups(rescaled(trained.network, own, 1 / alpha))
    const constants = constantChannels(coupling)
    const keep = new Map<string, number[]>()
    for (const group of coupling.groups) {
      if (!names.has(group.id)) continue
      const gone = new Set(constantUnits(coupling, group, constants))
      const stays = unitsBut(group.channels, gone)
      // A layer of constants only keeps one of them.
      if (gone.size > 0) keep.set(group.id, stays.length > 0 ? stays : [0])
    }
    if (keep.size === 0)
      throw fail(
        'work',
        'method-nothing-pruned',
        `ista: no scale came to zero with rho=${rho} in these epochs.`,
        `Raise it (--set rho=${rho * 5}), or train longer (--method-epochs).`,
      )
    const { network, padded } = absorbConstants(coupling, keep, constants)
    const absorbed = findGroups(network)
    const pruned = applyPlan(absorbed, findBranches(absorbed), keep)
    await saveOnnx(files.pruned, pruned)
    const shape = (coupling.shapes.get(network.inputs[0]!.name) ?? []).map((dim) => (typeof dim === 'number' ? dim : 4))
    const { maxAbsDiff, outputRange } = await withOnnxruntime((ort) =>
      compareNetworks(
        { network: beforeFinalActivation(coupling.network), run: ort },
        { network: beforeFinalActivation(pruned), run: ort },
        shape,
      ),
    )
    const error = `${((maxAbsDiff / outputRange) * 100).toPrecision(2)} % of the outputs' range`
    const why = padded.length > 0 ? `: ${padded.length} layers pad, and the constants are not in their padding` : ''
    const [gone, all] = own.reduce(
      ([a, b], { id, channels }) => [a + channels - (keep.get(id)?.length ?? channels), b + channels],
      [0, 0],
    )
    return {
      keep: Object.fromEntries(keep),
      notes: [
        `ista: ${gone} of ${all} channels have a scale of exactly zero and were absorbed; the outputs differ by ${error}${why}.`,
      ],
    }
  },
}
