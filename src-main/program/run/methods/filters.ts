import { join } from 'node:path'
import { hasWholeFilters } from '../../../core/methods/filters/masks'
import {
  filterSchedule,
  prunedCount,
  type FilterMethod,
  type FilterSchedule,
} from '../../../core/methods/filters/schedule'
import { createSubject } from '../../../core/pruning/subject'
import { applyPlan } from '../../../core/pruning/surgery'
import { unitsBut } from '../../../core/pruning/units'
import { loadOnnx, saveOnnx } from '../../../formats/onnx/files'
import { train } from '../../finetune'
import type { Method } from './method'

/** Soft, hard and gradually hard filter pruning: one rate in every group, chosen anew after every epoch. */
export const filterPruning = (name: FilterMethod): Method => ({
  async run(scene) {
    const { options, files, engine, imported, job, working } = scene
    const groups = scene.groups.filter(hasWholeFilters)
    const plan = await scene.fit({
      widths: (share) =>
        Object.fromEntries(groups.map(({ id, channels }) => [id, channels - prunedCount(channels, 1 - share)])),
    })
    const recipe = scene.recipe({ learningRate: Number(options['lr']) })
    const { softness, residue, rising, hard } = options as unknown as FilterSchedule
    const schedule = filterSchedule(name, 1 - plan.share, recipe.epochs, { softness, residue, rising, hard })
    const trained = join(files.method, 'trained.onnx')
    const result = await train(
      engine.handle,
      {
        ...{ model: scene.workingPath, data: imported.data, recipe },
        ...{ checkpoints: join(files.method, 'checkpoints'), out: trained },
        regime: { kind: 'filters', schedule, groups: groups.map(({ id }) => id) },
      },
      job,
      'method',
    )
    const keep = new Map(
      groups.flatMap(({ id, channels }): [string, number[]][] => {
        const pruned = new Set(result.pruned?.[id])
        return pruned.size > 0 ? [[id, unitsBut(channels, pruned)]] : []
      }),
    )
    const { coupling, branches } = createSubject(await loadOnnx(trained), { importance: working.importance })
    await saveOnnx(files.pruned, applyPlan(coupling, branches, keep))
    const note = `${name}: validation top-1 ${(result.top1.after * 100).toFixed(2)} % after masking, ${(result.top1.before * 100).toFixed(2)} % before.`
    const { measured } = plan
    return { keep: Object.fromEntries(keep), ...(measured !== undefined && { measured }), notes: [note] }
  },
})
