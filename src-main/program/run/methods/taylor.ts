import { join } from 'node:path'
import { globalThreshold } from '../../../core/methods/global-threshold'
import { scoreUnits } from '../../../core/pruning/criteria'
import { createSubject } from '../../../core/pruning/subject'
import { applyPlan } from '../../../core/pruning/surgery'
import { loadOnnx, saveOnnx } from '../../../formats/onnx/files'
import { loadVectors, vectorsFromJson, vectorsToJson } from '../../../formats/vectors'
import { train } from '../../finetune'
import { taylorImages } from '../../importance'
import type { Method, MethodScene } from './method'
import { channelsOf, needNorms, normedGroups } from './scales'

/**
 * Loss-driven channel pruning (Long et al., IEICE Trans. Inf. & Syst. E103-D(5), 2020; our reading, from the abstract and
 * from sibling methods' code): per batch |γ·g_γ + β·g_β|, or its square, at stored statistics, averaged; one percentile of
 * all channels; pruned and fine-tuned in turn. Scores of coupled BN are added up. Every round removes the same fraction
 * of what is left; the last one's fine-tuning is the run's.
 */
export const taylor: Method = {
  check: needNorms,
  async run(scene) {
    const { options, files, working } = scene
    const rounds = Number(options['rounds'])
    const normed = normedGroups(working.network, scene.groups)
    const groups = normed.map(({ id }) => id)
    const total = channelsOf(normed)
    const kept = new Map<string, readonly number[]>()
    let model = scene.workingPath
    let measured: number | undefined
    for (let round = 1; round <= rounds; round++) {
      const network = await loadOnnx(model)
      const taylor = await sensitivity(scene, model, round)
      const { coupling, branches } = createSubject(network, { importance: new Map() })
      const scored = coupling.groups
        .filter(({ id }) => groups.includes(id))
        .map((group) => ({
          id: group.id,
          scores: scoreUnits(network, group, 'taylor', { nextLayer: false, seed: 0, evidence: { taylor } }),
        }))
      const family = globalThreshold(scored, total, Number(options['least']))
      const plan = await scene.fit(family, round / rounds)
      measured = plan.measured
      const keep = family.keep(plan.share)
      for (const [id, units] of keep) kept.set(id, kept.has(id) ? units.map((unit) => kept.get(id)![unit]!) : units)
      const pruned = applyPlan(coupling, branches, keep)
      if (round === rounds) await saveOnnx(files.pruned, pruned)
      else model = await finetuned(scene, pruned, round, rounds)
    }
    const stays = [...kept.values()].reduce((sum, units) => sum + units.length, 0)
    const note = `taylor-bn: ${((stays / total) * 100).toFixed(1)} % of the channels stay after ${rounds} rounds.`
    return { keep: Object.fromEntries(kept), ...(measured !== undefined && { measured }), notes: [note] }
  },
}

/** Per BN and channel; journalled, since the seed does not determine it. */
async function sensitivity(
  { options, files, engine, imported, request, job, journal }: MethodScene,
  model: string,
  round: number,
) {
  const out = join(files.method, `scores-${round}.json`)
  const figures = await journal.record('taylor', String(round), async () => {
    await engine.handle.call(
      'sensitivity',
      {
        ...{ model, data: imported.data, ...taylorImages, seed: request.seed, out },
        aggregate: options['aggregate'] === 'squared' ? 'squared' : 'absolute',
      },
      {
        signal: job.signal,
        onProgress: ({ done, total }) =>
          job.progress('method', { done, total, detail: `round ${round}: Taylor scores` }),
      },
    )
    return vectorsToJson(await loadVectors(out))
  })
  return vectorsFromJson(figures)
}

/** Trains a round's network. @returns its file */
async function finetuned(scene: MethodScene, pruned: ReturnType<typeof applyPlan>, round: number, rounds: number) {
  const { files, engine, imported, job, options } = scene
  const [model, out] = ['pruned', 'trained'].map((what) => join(files.method, `${what}-${round}.onnx`)) as [
    string,
    string,
  ]
  await saveOnnx(model, pruned)
  const whole = scene.recipe({ learningRate: Number(options['lr']) })
  const recipe = { ...whole, epochs: Math.max(1, Math.round(whole.epochs / (rounds - 1))) }
  const checkpoints = join(files.method, `checkpoints-${round}`)
  await train(engine.handle, { model, data: imported.data, recipe, checkpoints, out }, job, 'method')
  return out
}
