import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { hasWholeFilters } from '../../../core/methods/filters/masks'
import {
  filterSchedule,
  prunedCount,
  type FilterMethod,
  type FilterSchedule,
} from '../../../core/methods/filters/schedule'
import { createSubject, type Subject } from '../../../core/pruning/subject'
import { applyPlan } from '../../../core/pruning/surgery'
import { unitsBut } from '../../../core/pruning/units'
import type { Keep } from '../../../core/pruning/widths'
import type { PruningRegime, Recipe, TrainResult } from '../../../engines/interface'
import { loadOnnx, saveOnnx } from '../../../formats/onnx/files'
import { train } from '../../finetune'
import type { PreparedScene } from '../scene'
import { methodRecipe, type Method } from './method'

type FilterRegime = Extract<PruningRegime, { kind: 'filters' }>

/** Soft, hard and gradually hard filter pruning: one rate in every group, chosen anew after every epoch. */
export const filterPruning = (name: FilterMethod): Method => ({
  async run(scene) {
    const { options, working } = scene
    const groups = scene.groups.filter(hasWholeFilters)
    const plan = await scene.fit({
      widths: (share) =>
        Object.fromEntries(groups.map(({ id, channels }) => [id, channels - prunedCount(channels, 1 - share)])),
    })
    const recipe = scene.recipe({ learningRate: Number(options['lr']) })
    const { softness, residue, rising, hard } = options as unknown as FilterSchedule
    const schedule = filterSchedule(name, 1 - plan.share, recipe.epochs, { softness, residue, rising, hard })
    const regime: FilterRegime = { kind: 'filters', schedule, groups: groups.map(({ id }) => id) }
    const { keep, top1 } = await trainFilters(scene, scene.workingPath, working, regime, recipe)
    const note = `${name}: validation top-1 ${(top1.after * 100).toFixed(2)} % after masking, ${(top1.before * 100).toFixed(2)} % before.`
    const { measured } = plan
    return { keep: Object.fromEntries(keep), ...(measured !== undefined && { measured }), notes: [note] }
  },
})

/**
 * The channels a search has chosen how many to keep of go by a filter method's schedule, which chooses them anew after
 * every epoch; removed branches, and groups whose filters do not lie in one piece, go at once.
 * @param keep what would be kept if it went at once
 * @returns what is kept; the pruned network is in `files.pruned`
 */
export async function scheduledPruning(
  scene: PreparedScene,
  working: Subject,
  keep: Keep,
  { name, lr }: { readonly name: FilterMethod; readonly lr: number },
): Promise<Record<string, readonly number[]>> {
  const { files } = scene
  await mkdir(files.method, { recursive: true })
  const gradual = working.coupling.groups.filter(
    (group) => (keep.get(group.id)?.length ?? 0) > 0 && hasWholeFilters(group),
  )
  const ids = new Set(gradual.map(({ id }) => id))
  const atOnce: Keep = new Map([...keep].filter(([id]) => !ids.has(id)))
  const start = join(files.method, 'start.onnx')
  await saveOnnx(start, applyPlan(working.coupling, working.branches, atOnce))
  const recipe = methodRecipe(scene, { learningRate: lr })
  const regime: FilterRegime = {
    ...{ kind: 'filters', schedule: filterSchedule(name, 1, recipe.epochs), groups: [...ids] },
    parts: Object.fromEntries(gradual.map(({ id, channels }) => [id, 1 - keep.get(id)!.length / channels])),
  }
  const trained = await trainFilters(scene, start, working, regime, recipe)
  return Object.fromEntries([...atOnce, ...trained.keep])
}

/** Trains by a schedule and cuts what it has pruned by the end; the result is in `files.pruned`. */
async function trainFilters(
  { files, engine, imported, job }: PreparedScene,
  model: string,
  working: Subject,
  regime: FilterRegime,
  recipe: Recipe,
): Promise<Pick<TrainResult, 'top1'> & { keep: Map<string, number[]> }> {
  const out = join(files.method, 'trained.onnx')
  const checkpoints = join(files.method, 'checkpoints')
  const request = { model, data: imported.data, recipe, checkpoints, out, regime }
  const { pruned = {}, top1 } = await train(engine.handle, request, job, 'method')
  const { coupling, branches } = createSubject(await loadOnnx(out), { importance: working.importance })
  const keep = new Map(
    coupling.groups.flatMap(({ id, channels }): [string, number[]][] => {
      const gone = new Set(pruned[id])
      return gone.size > 0 ? [[id, unitsBut(channels, gone)]] : []
    }),
  )
  await saveOnnx(files.pruned, applyPlan(coupling, branches, keep))
  return { keep, top1 }
}
