import { readFile } from 'node:fs/promises'
import type { CallResult } from '../contract'
import { fail } from '../core/failure'
import { cleanNetwork } from '../core/graph/clean'
import { networkCost } from '../core/graph/cost'
import { beforeFinalActivation } from '../core/graph/outputs'
import { maskedNetwork } from '../core/pruning/masks'
import { planFile, readPlan } from '../core/pruning/plan'
import { createSubject, subjectKeep, type Subject } from '../core/pruning/subject'
import { applyPlan } from '../core/pruning/surgery'
import { roundedWidth, type Keep } from '../core/pruning/widths'
import { inputShape } from '../devices/oracle'
import { readModelBytes, saveOnnx, writeAtomically } from '../formats/onnx/files'
import { readOnnx } from '../formats/onnx/read'
import { hashBytes } from '../projects/provenance'
import { compareNetworks } from './compare'
import { withOnnxruntime } from './onnxruntime'

/** After zod's defaults. */
export interface PruneRequest {
  readonly model: string
  readonly keep?: number | undefined
  readonly plan?: string | undefined
  readonly criterion: string
  readonly round: number
  readonly exclude: readonly string[]
  readonly out: string
  readonly planOut?: string | undefined
}

/**
 * `prune MODEL`: uniform, or by a plan; no data needed. The result is checked against the masked original.
 * @throws LupineError 'prune-usage', 'group-unknown', 'plan-…', of the model, 'not-written'
 */
export async function pruneModel(request: PruneRequest): Promise<CallResult<'model.prune'>> {
  const bytes = await readModelBytes(request.model)
  const subject = createSubject(cleanNetwork(readOnnx(bytes, request.model)), {
    criterion: request.criterion,
    exclude: request.exclude,
  })
  const { keep, constant } = await chosenKeep(subject, request)
  const pruned = applyPlan(subject.coupling, subject.branches, keep, constant)
  await saveOnnx(request.out, pruned)
  const files = [request.out]
  if (request.planOut) {
    const plan = planFile(subject.coupling, subject.branches, keep, hashBytes(bytes), constant)
    await writeAtomically(request.planOut, `${JSON.stringify(plan, null, 1)}\n`)
    files.push(request.planOut)
  }
  const masked = beforeFinalActivation(maskedNetwork(subject.coupling, keep))
  const { maxAbsDiff, outputRange } = await withOnnxruntime((ort) =>
    compareNetworks(
      { network: masked, run: ort },
      { network: beforeFinalActivation(pruned), run: ort },
      inputShape(subject),
    ),
  )
  const after = networkCost(pruned)
  const groups = subject.coupling.groups
    .filter((group) => group.prunable)
    .map((group) => ({ id: group.id, before: group.channels, after: keep.get(group.id)?.length ?? group.channels }))
  const sum = (pick: (group: (typeof groups)[number]) => number) =>
    groups.reduce((total, group) => total + pick(group), 0)
  return {
    groups,
    channels: { before: sum((group) => group.before), after: sum((group) => group.after) },
    macs: { before: subject.cost.macs, after: after.macs },
    params: { before: subject.cost.params, after: after.params },
    equivalence: { maxAbsDiff, outputRange },
    files,
  }
}

async function chosenKeep(subject: Subject, request: PruneRequest): Promise<{ keep: Keep; constant: boolean }> {
  if ((request.keep === undefined) === (request.plan === undefined))
    throw fail(
      'usage',
      'prune-usage',
      'prune needs either --keep or --plan.',
      'For example: lupine prune model.onnx --keep 0.5 --out pruned.onnx',
    )
  for (const id of request.exclude)
    if (!subject.coupling.groups.some((group) => group.id === id))
      throw fail(
        'usage',
        'group-unknown',
        `--exclude names "${id}", which is no group of this model.`,
        'lupine inspect lists the groups.',
      )
  if (request.plan !== undefined) {
    const text = await readFile(request.plan, 'utf8').catch((error: Error) => {
      throw fail(
        'input',
        'plan-missing',
        `The plan ${request.plan} cannot be read: ${error.message}.`,
        'Check its path.',
        error,
      )
    })
    return readPlan(text, request.plan)
  }
  const widths = Object.fromEntries(
    subject.dimensions.map((group) => [group.id, roundedWidth(group.channels, request.keep!, request.round)]),
  )
  return { keep: subjectKeep(subject, widths), constant: true }
}
