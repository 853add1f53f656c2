import { rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { searchMethod, stageNames, stagesOf, type RunResult } from '../../contract'
import { foldNorms } from '../../core/graph/bn-folding'
import { isReinserted } from '../../core/graph/bn-insertion'
import { planFile } from '../../core/pruning/plan'
import type { Keep } from '../../core/pruning/widths'
import { createSubject, pruneSubject, subjectKeep, type Subject } from '../../core/pruning/subject'
import type { LatencyTable } from '../../core/latency/table'
import type { Device } from '../../devices/device'
import { deviceFor } from '../latency-oracles'
import { loadOnnx, saveOnnx, writeAtomically } from '../../formats/onnx/files'
import { writeProvenance } from '../../projects/provenance'
import { FileJournal } from '../../runs/journal'
import { Stages } from '../../runs/stages'
import { chooseEngine, type ChosenEngine } from '../engine-choice'
import { describeEngine, stampNormalization, train } from '../finetune'
import { recordLayerTimes } from '../layer-times'
import { withOnnxruntime } from '../onnxruntime'
import { runRatioSearch } from '../ratio-search'
import type { ShortTraining } from '../refiner'
import { scoredSubject } from '../scored-subject'
import { finetuneRecipe, flipsFor } from '../recipes'
import { version } from '../version'
import { importStage, type Imported } from './import'
import { isMethod, methodStage } from './methods'
import type { RunScene } from './scene'
import { accuracyStage, agreementStage, latencyStage, sizeOf } from './verify'

/**
 * The pipeline: import → latency table → sensitivities → search → choose → fine-tune → export → verify. Called again on
 * the same project it goes on: finished stages are read back, the search is replayed from the journal.
 * @throws LupineError of any stage
 */
export async function runPipeline(scene: RunScene): Promise<RunResult> {
  const { request, files, job } = scene
  const device = await deviceFor(request.device, job)
  const titles = stagesOf(request).map((name) => [name, stageNames[name]])
  const stages = new Stages(job, files, Object.fromEntries(titles) as typeof stageNames)
  const imported = await stages.run('import', () => importStage(scene))
  const engine = await chooseEngine(request.engine, job)
  if (engine.note) job.note('warning', engine.note)
  job.onPause((paused) => engine.handle.pause(paused))
  try {
    const { subject, keep, predicted, replayed, notes, ...chosen } = isMethod(request.method)
      ? await methodStages(scene, stages, imported, engine, device)
      : await searchStages(scene, stages, imported, engine, device)
    const plan = planFile(subject.coupling, subject.branches, keep, imported.sha256)
    await writeAtomically(files.plan, `${JSON.stringify(plan, null, 1)}\n`)
    if (chosen.table) await writeAtomically(files.table, `${JSON.stringify(chosen.table)}\n`)

    const trained = await stages.run('finetune', () => finetuneStage(scene, imported, engine))
    const agreement = await stages.run('export', async () => {
      await saveOnnx(files.model, foldNorms(await loadOnnx(files.model), isReinserted))
      await stampNormalization(files.model, imported.normalize)
      return agreementStage(scene, imported, engine.handle)
    })
    const verified = await stages.run('verify', async () => {
      const latency = await latencyStage(scene, device)
      await recordLayerTimes(files, device, job)
      return { latency, accuracy: await accuracyStage(scene, imported) }
    })
    const { latency, accuracy } = verified
    // What they were for is done: the result stands.
    for (const folder of [files.checkpoints, files.method]) await rm(folder, { recursive: true, force: true })
    const [before, after] = [await sizeOf(files.original), await sizeOf(files.model)]
    const warnings = [
      ...imported.warnings,
      ...notes,
      ...warningsOf(scene, chosen.seen, latency.measured, accuracy.after),
    ]
    for (const text of warnings) job.note('warning', text)
    await writeProvenance(files, {
      lupine: version,
      node: process.version,
      threads: availableParallelism(),
      request,
      settings: scene.settings,
      model: { sha256: imported.sha256, reinsertedNorms: imported.reinserted ?? 0 },
      engine: trained.engine,
      device: latency.device,
      state: latency.state,
      ...chosen.provenance,
    })
    return {
      before: { top1: accuracy.before, latency: latency.original, ...before },
      after: { top1: accuracy.after, latency: latency.result, ...after },
      speedup: {
        graph: latency.given,
        pruning: 1 / latency.measured,
        predicted: predicted === undefined ? null : 1 / predicted,
        measured: 1 / latency.measured,
      },
      ...(chosen.fidelity && { fidelity: chosen.fidelity }),
      ...(chosen.goal && { goal: chosen.goal }),
      agreement,
      plan: files.plan,
      files: [files.plan, files.model, files.original, files.journal, files.provenance],
      seconds: { ...stages.seconds },
      engine: trained.engine,
      normalize: imported.normalize,
      warnings,
      replayed,
    }
  } finally {
    await engine.handle.stop()
  }
}

/** What is to stay; the network cut down to it is in `files.pruned`. */
interface Chosen {
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

async function methodStages(
  scene: RunScene,
  stages: Stages<keyof typeof stageNames>,
  imported: Imported,
  engine: ChosenEngine,
  device: Device,
): Promise<Chosen> {
  const { subject, kept, measured, notes } = await methodStage(scene, imported, engine, device, (work) =>
    stages.run('method', work),
  )
  for (const note of notes) scene.job.note('info', note)
  return { subject, keep: kept, predicted: measured, seen: undefined, provenance: {}, replayed: 0, notes: [] }
}

/** The search's stages are not kept one by one: what they found is in the journal, and replaying costs a second. */
async function searchStages(
  scene: RunScene,
  stages: Stages<keyof typeof stageNames>,
  imported: Imported,
  engine: ChosenEngine,
  device: Device,
): Promise<Chosen> {
  const { request, settings, files, job } = scene
  const journal = FileJournal.open(files.journal)
  const names = stagesOf(request)
  const started = performance.now()
  let last = { name: 'latency', at: started }
  const close = (): void => {
    stages.seconds[last.name] = (stages.seconds[last.name] ?? 0) + Math.round(performance.now() - last.at) / 1000
  }
  try {
    const original = await loadOnnx(files.original)
    const working = imported.reinserted ? await loadOnnx(files.working) : original
    const { subject, warnings: notes } = await scoredSubject(
      original,
      working,
      {
        // Projects of older versions know nothing of these two.
        ...{ criterion: request.criterion ?? 'l1', nextLayer: request.nextLayer ?? false },
        ...{ seed: request.seed, data: imported.data, trainer: engine.handle },
      },
      journal,
      files.importance,
      (progress) => job.progress('import', progress),
      job,
    )
    const trained = createSubject(working, { importance: subject.importance })
    const outcome = await runRatioSearch(
      {
        subject,
        working: imported.reinserted ? files.working : files.original,
        importance: files.importance,
        data: imported.data,
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
        ...(settings.refine && { refine: shortTraining(scene, imported, engine, settings.refine, trained) }),
        onStage(stage) {
          close()
          last = { name: stage, at: performance.now() }
          job.stage(stage, stageNames[stage], names.indexOf(stage), names.length)
        },
      },
      job,
    )
    close()
    const { widths, predicted } = outcome.chosen
    await saveOnnx(files.pruned, pruneSubject(trained, widths))
    return {
      ...{ subject, notes, replayed: journal.replayed('score') },
      ...{ keep: subjectKeep(subject, widths), predicted, seen: outcome.seen, fidelity: outcome.fidelity },
      ...(outcome.goal && { goal: outcome.goal }),
      table: outcome.table,
      provenance: { search: { ...outcome, history: undefined, table: undefined } },
    }
  } finally {
    journal.close()
  }
}

/**
 * One epoch on some images, by the recipe of the fine-tuning proper but for its rate: in 64 steps the large one spoils
 * more than it mends (ResNet-20 at 0.7 of its latency: top-1 0.28 → 0.83 at 0.05, 0.89 at 0.01).
 */
function shortTraining(
  { request, files, job }: RunScene,
  imported: Imported,
  engine: ChosenEngine,
  { plans, images: limit }: { readonly plans: number; readonly images: number },
  working: Subject,
): ShortTraining {
  const recipe = finetuneRecipe(1, request.seed, { flip: flipsFor(request.data), limit, learningRate: 0.01 })
  return {
    plans,
    working,
    async train(model, out) {
      await job.gate()
      // Its score comes from the fitness images.
      const request = { model, teacher: files.original, data: imported.data, recipe, out, judgedOn: 128 }
      await engine.handle.call('train', request, { signal: job.signal })
    },
  }
}

/** Recalibrates the pruned network's BN, and fine-tunes it with distillation from the original. */
async function finetuneStage(
  { request, settings, files, job }: RunScene,
  imported: Imported,
  engine: ChosenEngine,
): Promise<{ engine: string }> {
  await withOnnxruntime(async (ort) => {
    const { fitness, recalibration } = settings.images
    await ort.call('openScorer', {
      model: imported.reinserted ? files.working : files.original,
      data: imported.data,
      fitnessImages: fitness,
      recalibrationImages: recalibration * 4,
      threads: 0,
    })
    await ort.call('recalibrate', { model: files.pruned, out: files.pruned })
  }, job)
  if (settings.epochs === 0) {
    await saveOnnx(files.model, await loadOnnx(files.pruned))
    return { engine: describeEngine(engine.about) }
  }
  const { limit, learningRate } = settings
  const result = await train(
    engine.handle,
    {
      model: files.pruned,
      teacher: files.original,
      data: imported.data,
      recipe: finetuneRecipe(settings.epochs, request.seed, {
        flip: flipsFor(request.data),
        ...(limit && { limit }),
        ...(learningRate && { learningRate }),
      }),
      checkpoints: files.checkpoints,
      out: files.model,
    },
    job,
    'finetune',
  )
  return { engine: describeEngine(result.engine) }
}

function warningsOf({ request }: RunScene, seen: number | undefined, measured: number, top1: number): string[] {
  const warnings: string[] = []
  if (seen !== undefined && seen >= 0.995)
    warnings.push(
      `The original gets ${(seen * 100).toFixed(1)} % of the validation images right: it was probably trained on them, so scores there say nothing of accuracy.`,
    )
  const { latency } = request.budget
  if (latency !== undefined && measured > latency)
    warnings.push(
      `Re-measured in fresh processes the result takes ${measured.toFixed(3)} of the original, above the budget of ${latency}: the machine was disturbed. Run with a slightly smaller budget.`,
    )
  if (request.accuracy !== undefined && top1 < request.accuracy)
    warnings.push(
      `The result's top-1 on the test set is ${top1.toFixed(4)}, below the ${request.accuracy} asked for: images that the original was trained on promised more than new ones keep. Ask for a little more, or give more epochs.`,
    )
  return warnings
}
