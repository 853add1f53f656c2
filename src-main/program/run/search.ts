import { searchMethod, type RunResult } from '../../contract'
import type { Keep } from '../../core/pruning/widths'
import { createSubject, pruneSubject, subjectKeep, type Subject } from '../../core/pruning/subject'
import type { LatencyTable } from '../../core/latency/table'
import { methodOptions } from '../../core/methods/registry'
import type { FilterMethod } from '../../core/methods/filters/schedule'
import type { Recipe } from '../../engines/interface'
import { loadOnnx, saveOnnx } from '../../formats/onnx/files'
import { FileJournal } from '../../runs/journal'
import { runRatioSearch, type SpaceSettings } from '../ratio-search'
import { runRecipe } from './recipe'
import type { ShortTraining } from '../refiner'
import { scoredSubject } from '../scored-subject'
import { scheduledPruning } from './methods/filters'
import { workingFile } from './import'
import type { PreparedScene, RunSettings } from './scene'

/** What is to stay; the network cut down to it is in `files.pruned`. */
export interface Chosen {
  /** Of the cleaned original: what plans and latencies are of. */
  readonly subject: Subject
  readonly keep: Keep
  /** Latency ratio. */
  readonly predicted: number | undefined
  /** Top-1 of the original on the images the fitness is of. */
  readonly seen: number | undefined
  readonly fidelity?: RunResult['fidelity']
  readonly goal?: RunResult['goal']
  readonly table?: LatencyTable | undefined
  readonly provenance: Readonly<Record<string, unknown>>
  readonly replayed: number
  readonly notes: readonly string[]
}

/** The search's stages are not kept one by one: what they found is in the journal, and replaying costs a second. */
export async function searchStages(scene: PreparedScene): Promise<Chosen> {
  const { request, settings, files, job, stages, imported, engine, device } = scene
  const journal = FileJournal.open(files.journal)
  try {
    // The importance is the import's last part, kept in the journal and not with the stage.
    stages.enter('import')
    const original = await loadOnnx(files.original)
    const working = imported.reinserted ? await loadOnnx(workingFile(files, imported)) : original
    const { subject, warnings: notes } = await scoredSubject(
      original,
      working,
      {
        // Projects of older versions know nothing of these.
        ...{ criterion: request.criterion ?? 'l1', nextLayer: request.nextLayer ?? false },
        ...{ exclude: request.exclude ?? [], streams: request.streams ?? false },
        ...{ seed: request.seed, data: imported.data, trainer: engine.handle },
      },
      journal,
      files.importance,
      (progress) => job.progress('import', progress),
      job,
    )
    const trained = createSubject(working, { importance: subject.importance })
    const options = methodOptions(request.method, request.methodOptions) as unknown as SearchSettings
    const outcome = await runRatioSearch(
      {
        subject,
        working: workingFile(files, imported),
        importance: files.importance,
        data: imported.data,
        ...(request.holdout && { holdout: { ...imported.data, address: request.holdout } }),
        device,
        budget: request.budget,
        accuracy: request.accuracy,
        method: searchMethod.parse(request.method),
        evaluations: settings.evaluations,
        tableWidths: settings.tableWidths,
        seed: request.seed,
        journal,
        measurements: files.measurements,
        images: settings.images,
        options,
        ...(options.fitness > 0 && {
          training: shortTraining(
            scene,
            { epochs: options.fitness, learningRate: options.lr, ...limitOf(settings) },
            trained,
          ),
        }),
        ...(settings.refine && { refine: refinement(scene, settings.refine, trained) }),
        onStage: (stage) => stages.enter(stage),
      },
      job,
    )
    stages.leave()
    const { widths, predicted } = outcome.chosen
    let keep = subjectKeep(subject, widths)
    const { schedule: name, lr } = options
    if (name === 'none') await saveOnnx(files.pruned, pruneSubject(trained, widths))
    else {
      const kept = await stages.run('method', () => scheduledPruning(scene, trained, keep, { name, lr }))
      keep = new Map(Object.entries(kept))
    }
    return {
      ...{ subject, notes, replayed: journal.replayed('score', 'trained') },
      ...{ keep, predicted, seen: outcome.seen, fidelity: outcome.fidelity },
      ...(outcome.goal && { goal: outcome.goal }),
      table: outcome.table,
      provenance: { search: { ...outcome, history: undefined, table: undefined } },
    }
  } finally {
    journal.close()
  }
}

/** What `--set` may change about a search; see core/methods/registry. */
interface SearchSettings extends SpaceSettings {
  readonly fitness: number
  readonly schedule: 'none' | FilterMethod
  readonly lr: number
}

/**
 * One epoch on some images, by the recipe of the fine-tuning proper but for its rate: in 64 steps the large one spoils
 * more than it mends (ResNet-20 at 0.7 of its latency: top-1 0.28 → 0.83 at 0.05, 0.89 at 0.01).
 */
const refinement = (
  scene: PreparedScene,
  { plans, images: limit }: { readonly plans: number; readonly images: number },
  working: Subject,
) => ({ ...shortTraining(scene, { epochs: 1, limit, learningRate: 0.01 }, working), plans })

const limitOf = ({ limit }: RunSettings): { limit?: number } => (limit ? { limit } : {})

function shortTraining(
  scene: PreparedScene,
  { epochs, ...changes }: Pick<Recipe, 'epochs' | 'learningRate' | 'limit'>,
  working: Subject,
): ShortTraining {
  const { files, job, imported, engine } = scene
  const recipe = runRecipe(scene, epochs, changes)
  return {
    working,
    async train(model, out) {
      await job.gate()
      // Its score comes from the fitness images.
      const request = { model, teacher: files.original, data: imported.data, recipe, out, judgedOn: 128 }
      await engine.handle.call('train', request, { signal: job.signal })
    },
  }
}
