import { rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { stageNames, stagesOf, type RunResult } from '../../contract'
import { seenTop1 } from '../../core/seen-data'
import { foldNorms } from '../../core/graph/bn-folding'
import { isReinserted } from '../../core/graph/bn-insertion'
import { planFile } from '../../core/pruning/plan'
import { deviceFor } from '../latency-oracles'
import { loadOnnx, saveOnnx, writeAtomically } from '../../formats/onnx/files'
import { writeProvenance } from '../../projects/provenance'
import { Stages } from '../../runs/stages'
import { chooseEngine } from '../engine-choice'
import { describeEngine, stampNormalization, train } from '../finetune'
import { recordLayerTimes } from '../layer-times'
import { recalibrateFile } from '../recalibrate'
import { runRecipe } from './recipe'
import { version } from '../version'
import { importStage, workingFile } from './import'
import { isMethod, methodStage } from './methods'
import type { PreparedScene, RunScene } from './scene'
import { type Chosen, searchStages } from './search'
import { accuracyStage, agreementStage, deviceAgreement, latencyStage, sizeOf } from './verify'

/**
 * The pipeline: import → latency table → sensitivities → search → choose → fine-tune → export → verify. Called again on
 * the same project it goes on: finished stages are read back, the search is replayed from the journal.
 * @throws LupineError of any stage
 */
export async function runPipeline(scene: RunScene): Promise<RunResult> {
  const { request, files, job } = scene
  const device = await deviceFor(request.device, job)
  const stages = new Stages(job, files, stagesOf(request), stageNames)
  const imported = await stages.run('import', () => importStage(scene))
  const engine = await chooseEngine(request.engine, job, request.precision)
  if (engine.note) job.note('warning', engine.note)
  job.onPause((paused) => engine.handle.pause(paused))
  try {
    const prepared: PreparedScene = { ...scene, stages, imported, engine, device }
    const { subject, keep, predicted, replayed, notes, ...chosen } = isMethod(request.method)
      ? await methodStages(prepared)
      : await searchStages(prepared)
    const plan = planFile(subject.coupling, subject.branches, keep, imported.sha256)
    await writeAtomically(files.plan, `${JSON.stringify(plan, null, 1)}\n`)
    if (chosen.table) await writeAtomically(files.table, `${JSON.stringify(chosen.table)}\n`)

    const trained = await stages.run('finetune', () => finetuneStage(prepared))
    const agreement = await stages.run('export', async () => {
      await saveOnnx(files.model, foldNorms(await loadOnnx(files.model), isReinserted))
      await stampNormalization(files.model, imported.normalize)
      return agreementStage(scene, imported, engine.handle)
    })
    const verified = await stages.run('verify', async () => {
      const latency = await latencyStage(scene, device)
      await recordLayerTimes(files, device, job)
      const onDevice = await deviceAgreement(scene, imported, device)
      return { latency, accuracy: await accuracyStage(scene, imported), ...(onDevice && { onDevice }) }
    })
    const { latency, accuracy, onDevice } = verified
    // What they were for is done: the result stands.
    for (const folder of [files.checkpoints, files.method]) await rm(folder, { recursive: true, force: true })
    const [before, after] = [await sizeOf(files.original), await sizeOf(files.model)]
    const warnings = [
      ...imported.warnings,
      ...notes,
      ...warningsOf(scene, chosen.seen, latency.measured, accuracy.after),
      ...(onDevice && onDevice.maxAbsDiff > deviceTolerance * onDevice.outputRange ? [devicesDiffer(onDevice)] : []),
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
      // Projects verified by an older version have no more than the two figures.
      ...(accuracy.perClass && { test: { images: accuracy.images, perClass: accuracy.perClass } }),
      speedup: {
        graph: latency.given,
        pruning: 1 / latency.measured,
        predicted: predicted === undefined ? null : 1 / predicted,
        measured: 1 / latency.measured,
      },
      ...(chosen.fidelity && { fidelity: chosen.fidelity }),
      ...(chosen.goal && { goal: chosen.goal }),
      agreement: { ...agreement, ...(onDevice && { device: onDevice }) },
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

async function methodStages(scene: PreparedScene): Promise<Chosen> {
  const { subject, kept, measured, notes } = await methodStage(scene)
  for (const note of notes) scene.job.note('info', note)
  return { subject, keep: kept, predicted: measured, seen: undefined, provenance: {}, replayed: 0, notes: [] }
}

/** Recalibrates the pruned network's BN, and fine-tunes it with distillation from the original. */
async function finetuneStage(scene: PreparedScene): Promise<{ engine: string }> {
  const { request, settings, files, job, imported, engine } = scene
  const { data } = imported
  const images = settings.images.recalibration * 4
  await recalibrateFile(files.pruned, { working: workingFile(files, imported), data, images }, job)
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
      recipe: runRecipe(scene, settings.epochs, {
        ...(limit && { limit }),
        ...(learningRate && { learningRate }),
        ...(request.distillation !== undefined && { distillation: request.distillation }),
      }),
      checkpoints: files.checkpoints,
      out: files.model,
    },
    job,
    'finetune',
  )
  return { engine: describeEngine(result.engine, result.precision) }
}

/** Of the outputs' range: rounding of another processor's kernels stays below. */
const deviceTolerance = 1e-3

const devicesDiffer = ({ maxAbsDiff, outputRange }: { maxAbsDiff: number; outputRange: number }): string =>
  `The result gives other outputs on the device than here: they differ by ${maxAbsDiff.toPrecision(2)} in a range of ${outputRange.toPrecision(3)}. Look at the version of its runtime before it is relied on.`

function warningsOf({ request }: RunScene, seen: number | undefined, measured: number, top1: number): string[] {
  const warnings: string[] = []
  if (seen !== undefined && seen >= seenTop1)
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
