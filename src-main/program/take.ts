import { mkdir, readFile } from 'node:fs/promises'
import type { JobResult, RunRequest } from '../contract'
import { fail } from '../core/failure'
import { networkCost } from '../core/graph/cost'
import type { Widths } from '../core/ports'
import { planFile } from '../core/pruning/plan'
import { createSubject, pruneSubject, subjectKeep, type Subject } from '../core/pruning/subject'
import { loadOnnx, saveOnnx, writeAtomically } from '../formats/onnx/files'
import { loadVectors } from '../formats/vectors'
import type { Layout } from '../projects/layout'
import { readProject } from '../projects/project'
import { hashBytes } from '../projects/provenance'
import type { JobContext } from '../runs/job'
import { stampNormalization } from './finetune'
import { recalibrateFile } from './recalibrate'
import { workingFile } from './run/import'
import type { Imported } from './run/scene'

const recalibrationImages = 1024

/** After zod's defaults. */
export interface TakeRequest {
  readonly dir: string
  readonly widths: Widths
  readonly name?: string | undefined
}

/**
 * A candidate of a run's search as a plan and a network of its own: the run's importance decides which channels stay, as
 * it did for the search. Reads the project only, so it may be done while the run goes on.
 * @throws LupineError 'project-missing', …; input 'run-unfinished'; usage 'widths-unknown'
 */
export async function takeJob({ dir, widths, name }: TakeRequest, job: JobContext): Promise<JobResult<'take'>> {
  const { files, about } = await readProject(dir)
  const { streams = false } = (about.request as { request: Partial<RunRequest> }).request
  const imported = await importedOf(files, dir)
  const importance = await loadVectors(files.importance)
  const subject = createSubject(await loadOnnx(files.original), { importance, streams })
  checkWidths(subject, widths)
  const base = name ?? `plan-${hashBytes(JSON.stringify(Object.entries(widths).sort())).slice(0, 8)}`
  await mkdir(files.plans, { recursive: true })
  const { plan, model, figures } = files.taken(base)

  const keep = subjectKeep(subject, widths)
  const document = planFile(subject.coupling, subject.branches, keep, imported.sha256)
  await writeAtomically(plan, `${JSON.stringify(document, null, 1)}\n`)
  const working = workingFile(files, imported)
  const pruned = pruneSubject(createSubject(await loadOnnx(working), { importance }), widths)
  await saveOnnx(model, pruned)
  await recalibrateFile(model, { working, data: imported.data, images: recalibrationImages }, job)
  await stampNormalization(model, imported.normalize)

  const [before, after] = [subject.cost, networkCost(pruned)]
  const channels = (of: (group: Subject['dimensions'][number]) => number): number =>
    subject.dimensions.reduce((sum, group) => sum + of(group), 0)
  const taken = {
    channels: {
      before: channels((group) => group.channels),
      after: channels(({ id, channels }) => keep.get(id)?.length ?? channels),
    },
    macs: { before: before.macs, after: after.macs },
    params: { before: before.params, after: after.params },
  }
  // Last: what it names is there.
  await writeAtomically(figures, `${JSON.stringify(taken)}\n`)
  return { plan, model, ...taken }
}

/** What the run's import left; a run that has not come so far has no candidates either. */
async function importedOf(files: Layout, dir: string): Promise<Imported> {
  try {
    const { result } = JSON.parse(await readFile(files.stage('import'), 'utf8')) as { result: Imported }
    await readFile(files.importance)
    return result
  } catch (error) {
    const message = `${files.root} has no search to take a plan from yet.`
    throw fail('input', 'run-unfinished', message, `Let it go on first: lupine resume ${dir}`, error)
  }
}

function checkWidths({ dimensions }: Subject, widths: Widths): void {
  const channels = new Map(dimensions.map((group) => [group.id, group.channels]))
  for (const [id, kept] of Object.entries(widths)) {
    const all = channels.get(id)
    if (all !== undefined && kept <= all) continue
    const message =
      all === undefined
        ? `The run's search decides on no group "${id}".`
        : `The group "${id}" has ${all} channels: ${kept} of them cannot stay.`
    throw fail('usage', 'widths-unknown', message, 'lupine inspect lists the groups and their channels.')
  }
}
