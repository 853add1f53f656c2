import { join } from 'node:path'
import { globalThreshold } from '../../../core/methods/global-threshold'
import { createSubject } from '../../../core/pruning/subject'
import { applyPlan } from '../../../core/pruning/surgery'
import { loadOnnx, saveOnnx } from '../../../formats/onnx/files'
import { train } from '../../finetune'
import type { Method } from './method'
import { channelsOf, meanScales, needNorms, normedGroups, scaleNames } from './scales'

/** Network Slimming (Liu et al., ICCV 2017): trained with λ·Σ|γ|, then one threshold over all scales. */
export const slimming: Method = {
  check: needNorms,
  async run(scene) {
    const { options, files, engine, imported, job, working } = scene
    const groups = normedGroups(working.network, scene.groups)
    const strength = Number(options['lambda'])
    const names = scaleNames(working.network, groups)
    const trained = join(files.method, 'trained.onnx')
    const result = await train(
      engine.handle,
      {
        ...{ model: scene.workingPath, data: imported.data, out: trained },
        ...{
          recipe: scene.recipe({ learningRate: Number(options['lr']) }),
          checkpoints: join(files.method, 'checkpoints'),
        },
        regime: {
          ...{ kind: 'scales', step: 'subgradient' },
          strengths: Object.fromEntries(names.map((name) => [name, strength])),
        },
      },
      job,
      'method',
    )
    const { network, coupling, branches } = createSubject(await loadOnnx(trained), { importance: working.importance })
    const family = globalThreshold(
      groups.map((group) => ({ id: group.id, scores: meanScales(network, group) })),
      channelsOf(groups),
    )
    const { share, measured } = await scene.fit(family)
    const keep = family.keep(share)
    await saveOnnx(files.pruned, applyPlan(coupling, branches, keep))
    const zero = result.epochs.at(-1)?.pruned?.small ?? 0
    return {
      keep: Object.fromEntries(keep),
      ...(measured !== undefined && { measured }),
      notes: [
        `slimming: ${(zero * 100).toFixed(1)} % of the scales ended below 0.01; ${(share * 100).toFixed(1)} % of the channels stay.`,
      ],
    }
  },
}
