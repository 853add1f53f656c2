import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { existsSync } from 'node:fs'
import type { RunRequest, RunResult } from '../../contract'
import { runRequest, searchMethod } from '../../contract'
import { fail } from '../../core/failure'
import { checkTarget, methodOptions } from '../../core/methods/registry'
import { criterionNamed } from '../../core/pruning/criteria'
import { createProject, openProject, type Project } from '../../projects/project'
import type { JobContext } from '../../runs/job'
import { chooseEngine } from '../engine-choice'
import { withOnnxruntime } from '../onnxruntime'
import { samplePath } from '../sample'
import { targetOf } from './methods'
import { runPipeline } from './run'
import type { RunSettings } from './scene'

const defaultEvaluations = 160
/** Images a short fine-tuning sees: 64 batches. */
const shortTraining = 8192

interface Stored {
  readonly request: RunRequest
  readonly settings: RunSettings
}

/** `run`: makes the project, then the pipeline. @throws LupineError 'criterion-unknown', 'project-exists', … */
export async function runJob(request: RunRequest, job: JobContext): Promise<RunResult> {
  // Made absolute, so that a resume from elsewhere finds them.
  const holdout = request.holdout && absoluteData(request.holdout)
  const absolute = { ...request, model: resolve(request.model), data: absoluteData(request.data), holdout }
  if (!existsSync(absolute.model))
    throw fail('input', 'model-missing', `There is no file ${request.model}.`, 'Check the path of the model.')
  // Before a project is made of it.
  criterionNamed(request.criterion)
  if (request.accuracy === undefined) checkTarget(request.method, targetOf(request))
  else checkGoal(request)
  methodOptions(request.method, request.methodOptions)
  checkPercentile(request)
  await needLabelledData(absolute, job)
  const settings: RunSettings = {
    evaluations: request.evaluations ?? defaultEvaluations,
    epochs: request.epochs ?? 12,
    ...(request.trainImages && { limit: request.trainImages }),
    images: { fitness: 1024, recalibration: 512 },
    refine: {
      plans: request.refine ?? Math.ceil((request.evaluations ?? defaultEvaluations) / 10),
      images: Math.min(request.trainImages ?? shortTraining, shortTraining),
    },
  }
  return inProject(await createProject(request.out, 'run', { request: absolute, settings }), job)
}

/** Percentiles enter a search's own choice; the methods' plans are measured by their medians. */
function checkPercentile({ method, budget }: RunRequest): void {
  if (budget.percentile === undefined || searchMethod.safeParse(method).success) return
  throw fail(
    'usage',
    'method-budget',
    `${method} takes a budget on the median of the latency, not on a percentile.`,
    'Leave the percentile out, or use a search such as igwo.',
  )
}

/** An accuracy stands in for a latency budget, and only searches know what to do with it. */
function checkGoal({ method, budget, keep, refine }: RunRequest): void {
  const wrong = (message: string, hint: string) => fail('usage', 'goal', message, hint)
  if (!searchMethod.safeParse(method).success)
    throw wrong(
      `The method ${method} cannot be told an accuracy to keep.`,
      `Use one of ${searchMethod.options.join(', ')}, or give it a target of its own.`,
    )
  if (keep !== undefined || budget.latency !== undefined)
    throw wrong('An accuracy and a latency are asked for at once.', 'Give one: the other is what comes out of it.')
  if (refine !== undefined && refine < 2)
    throw wrong('An accuracy to keep is found by short trainings, and there are to be none.', 'Leave --refine out.')
}

/**
 * Verifying compares accuracies, on labelled images: told now, not after hours of searching.
 * @throws LupineError of the model or the data set; input 'labels-missing'
 */
async function needLabelledData({ model, data }: RunRequest, job: JobContext): Promise<void> {
  const { classes } = await withOnnxruntime(
    (ort) => ort.call('describeData', { model, data }, { signal: job.signal }),
    job,
  )
  if (classes > 0) return
  throw fail(
    'input',
    'labels-missing',
    `${data} has no labels, and run compares the accuracy of original and result, which needs them.`,
    'Sort the images into a folder per class. Without labels: lupine search, prune --plan and finetune --teacher.',
  )
}

/** `demo`: the built-in sample, end to end on this computer, in minutes. */
export async function demoJob(
  { out, engine, seed }: { out?: string | undefined; engine?: 'tensorflow' | 'wasm' | undefined; seed: number },
  job: JobContext,
): Promise<RunResult> {
  const folder = out ?? join(tmpdir(), `lupine-demo-${randomBytes(3).toString('hex')}`)
  // Which engine there is decides how much training fits into minutes; resume then uses the same.
  const chosen = await chooseEngine(engine)
  await chosen.handle.stop()
  const name = chosen.about.engine === 'wasm' ? 'wasm' : 'tensorflow'
  if (chosen.note) job.note('warning', chosen.note)
  const request = runRequest.parse({
    model: samplePath(),
    data: 'sample',
    device: 'local?threads=1',
    budget: { latency: 0.75 },
    out: folder,
    seed,
    engine: name,
  })
  const settings: RunSettings = {
    evaluations: 48,
    tableWidths: 16,
    ...(name === 'wasm' ? { epochs: 3, limit: 3500 } : { epochs: 4 }),
    images: { fitness: 512, recalibration: 256 },
    refine: { plans: name === 'wasm' ? 0 : 3, images: 2048 },
  }
  job.note('info', `The demo's project is ${folder}`)
  return inProject(await createProject(folder, 'demo', { request, settings }), job)
}

/** `resume DIR`. @throws LupineError 'project-missing', 'project-locked', … */
export async function resumeJob({ dir }: { dir: string }, job: JobContext): Promise<RunResult> {
  return inProject(await openProject(dir), job)
}

async function inProject(project: Project, job: JobContext): Promise<RunResult> {
  try {
    const { request, settings } = project.about.request as Stored
    job.useFolder(project.files.root, project.files.events)
    project.onLost((failure) => job.stop(failure))
    return await runPipeline({ request, settings, files: project.files, job })
  } finally {
    await project.close()
  }
}

const absoluteData = (address: string): string => {
  const colon = address.indexOf(':')
  return colon < 0 ? address : `${address.slice(0, colon + 1)}${resolve(address.slice(colon + 1))}`
}
