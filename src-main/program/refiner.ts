import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Evaluator, Refiner, Score } from '../core/ports'
import { pruneSubject, type Subject } from '../core/pruning/subject'
import { saveOnnx } from '../formats/onnx/files'
import type { Onnxruntime } from './onnxruntime'

export interface ShortTraining {
  /** Of the network that is trained: the original, perhaps with its BN put back. */
  readonly working: Subject
  /** Trains the model at one path for a short while, into another. */
  train(from: string, to: string): Promise<void>
}

/**
 * Prunes, recalibrates BN, trains for a short while, and scores the result as candidates are scored.
 * @param scorer an onnxruntime process with an open scorer
 */
export function createRefiner({ working, train }: ShortTraining, scorer: Onnxruntime): Refiner {
  return {
    async refine(widths) {
      const folder = await mkdtemp(join(tmpdir(), 'lupine-refine-'))
      try {
        const [pruned, trained] = [join(folder, 'pruned.onnx'), join(folder, 'trained.onnx')]
        await saveOnnx(pruned, pruneSubject(working, widths))
        await scorer.call('recalibrate', { model: pruned, out: pruned })
        await train(pruned, trained)
        return await scorer.call('scoreModel', { model: trained })
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    },
  }
}

/** Every candidate trained before it is scored; no race, since a few images cost next to nothing beside that. */
export const trainedEvaluator = (refiner: Refiner): Evaluator => ({
  async evaluate(candidates) {
    const scores: Score[] = []
    for (const widths of candidates) scores.push(await refiner.refine(widths))
    return scores
  },
})
