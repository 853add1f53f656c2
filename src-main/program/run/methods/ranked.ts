import { greedyNorms } from '../../../core/methods/greedy-norms'
import { scoreUnits } from '../../../core/pruning/criteria'
import { applyPlan } from '../../../core/pruning/surgery'
import { evenWidths, topUnits } from '../../../core/pruning/widths'
import { saveOnnx } from '../../../formats/onnx/files'
import type { Method, MethodScene } from './method'

/** One keep ratio in every group; which filters stay is a matter of norms. */
const ranked = (
  choose: (scene: MethodScene, widths: Readonly<Record<string, number>>) => Map<string, number[]>,
): Method => ({
  async run(scene) {
    const { groups, working, files } = scene
    const plan = await scene.fit({ widths: (share) => evenWidths(groups, share) })
    const keep = choose(scene, plan.widths)
    await saveOnnx(files.pruned, applyPlan(working.coupling, working.branches, keep))
    const { measured } = plan
    return { keep: Object.fromEntries(keep), ...(measured !== undefined && { measured }), notes: [] }
  },
})

export const l1 = ranked(({ working, groups }, widths) => greedyNorms(working.network, groups, widths))

export const fpgm = ranked(
  ({ working, groups }, widths) =>
    new Map(
      groups
        .filter(({ id, channels }) => widths[id]! < channels)
        .map((group) => [group.id, topUnits(scoreUnits(working.network, group, 'fpgm'), widths[group.id]!)]),
    ),
)
