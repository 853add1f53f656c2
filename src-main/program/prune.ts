import { readFile } from 'node:fs/promises'
import type { CallResult } from '../contract'
import { findGroups, type Coupling } from '../core/coupling/groups'
import { fail } from '../core/failure'
import { networkCost } from '../core/graph/cost'
import type { Network } from '../core/graph/network'
import { beforeFinalActivation } from '../core/graph/outputs'
import { maskedNetwork } from '../core/pruning/masks'
import { planFile, readPlan } from '../core/pruning/plan'
import { networkOfPlan } from '../core/pruning/selections'
import { createSubject, subjectKeep, type Subject } from '../core/pruning/subject'
import { withoutIdleSelections } from '../core/graph/selections'
import { inferShapes } from '../core/graph/shapes'
import { applyPlan } from '../core/pruning/surgery'
import { roundedWidth, type Keep } from '../core/pruning/widths'
import { saveOnnx, writeAtomically } from '../formats/onnx/files'
import { hashBytes } from '../projects/provenance'
import type { JobContext } from '../runs/job'
import { compareNetworks } from './compare'
import { resolveData } from './data-source'
import { groupsNamed } from './group-names'
import { scoreNetwork } from './importance'
import { withOnnxruntime } from './onnxruntime'
import { sizesFrom } from './input-size'
import { loadModel, naming } from './load'

/** After zod's defaults. */
export interface PruneRequest {
  readonly model: string
  readonly input?: string | undefined
  readonly keep?: number | undefined
  readonly plan?: string | undefined
  readonly criterion: string
  readonly nextLayer: boolean
  readonly data?: string | undefined
  readonly normalize?: string | undefined
  readonly engine?: 'tensorflow' | 'wasm' | undefined
  readonly round: number
  readonly exclude: readonly string[]
  readonly streams: boolean
  readonly force: boolean
  readonly seed: number
  readonly out: string
  readonly planOut?: string | undefined
}

/** What is to be done to a subject, and what to tell people about it. */
interface Choice {
  readonly subject: Subject
  readonly keep: Keep
  readonly constant: boolean
  readonly warnings: readonly string[]
}

/** Largest difference from the masked original, as a fraction of its range, that rounding explains. */
const tolerance = 1e-4

/**
 * `prune MODEL`: uniform, or by a plan; data only for criteria that look at some. The result is checked against the
 * masked original before anything is written.
 * @throws LupineError 'prune-usage', 'group-unknown', 'criterion-…', 'plan-…', of the model, the data, 'not-written'
 */
export async function pruneModel(request: PruneRequest, job?: JobContext): Promise<CallResult<'model.prune'>> {
  if ((request.keep === undefined) === (request.plan === undefined))
    throw fail(
      'usage',
      'prune-usage',
      'prune needs either --keep or --plan.',
      'For example: lupine prune model.onnx --keep 0.5 --out pruned.onnx',
    )
  const { bytes, network } = await loadModel(request.model)
  const sha256 = hashBytes(bytes)
  const sizes = sizesFrom(request.input, network, request.model)
  const coupling = naming(request.model, () => findGroups(network, inferShapes(network, sizes)))
  const { subject, keep, constant, warnings } =
    request.plan === undefined
      ? await uniform(coupling, request, job)
      : await planned(coupling, sizes, request.plan, sha256, request)
  const pruned = withoutIdleSelections(applyPlan(subject.coupling, subject.branches, keep, constant))
  const check = await compare(subject, keep, constant, pruned)
  await saveOnnx(request.out, pruned)
  const files = [request.out]
  if (request.planOut) {
    const plan = planFile(subject.coupling, subject.branches, keep, sha256, constant)
    await writeAtomically(request.planOut, `${JSON.stringify(plan, null, 1)}\n`)
    files.push(request.planOut)
  }
  const after = networkCost(pruned, inferShapes(pruned, sizes))
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
    equivalence: check.equivalence,
    files,
    warnings: [...warnings, ...check.warnings],
  }
}

/** The same fraction of every group, those with the highest scores. */
async function uniform(coupling: Coupling, request: PruneRequest, job: JobContext | undefined): Promise<Choice> {
  const { criterion, nextLayer, seed, engine, streams } = request
  const exclude = groupsNamed(coupling, request.exclude, '--exclude')
  const data = request.data ? await resolveData(request.model, request.data, request.normalize) : undefined
  if (data?.note) job?.note('info', data.note)
  const { importance, warnings } = await scoreNetwork(
    coupling,
    { criterion, nextLayer, seed, engine, data: data?.source },
    (progress) => job?.progress('criterion', progress),
    job,
  )
  const subject = createSubject(coupling.network, { coupling, importance, exclude, streams })
  if (subject.dimensions.length === 0)
    throw fail(
      'input',
      'nothing-to-prune',
      'This model has no channels that could be pruned with these options.',
      streams
        ? 'lupine inspect says why for each group.'
        : 'lupine inspect says why for each group; --streams prunes residual streams too.',
    )
  const widths = Object.fromEntries(
    subject.dimensions.map((group) => [group.id, roundedWidth(group.channels, request.keep!, request.round)]),
  )
  return { subject, keep: subjectKeep(subject, widths), constant: true, warnings }
}

/** What a plan file says; options that choose channels have nothing to choose. */
async function planned(
  given: Coupling,
  sizes: ReturnType<typeof sizesFrom>,
  path: string,
  sha256: string,
  request: PruneRequest,
): Promise<Choice> {
  if (request.exclude.length > 0 || request.streams)
    throw fail(
      'usage',
      'prune-usage',
      'A plan says what is kept of every group: --exclude and --streams go with --keep.',
      'Leave them out, or take the groups out of the plan.',
    )
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw fail('input', 'plan-missing', `The plan ${path} cannot be read: ${error.message}.`, 'Check its path.', error)
  })
  const { keep, constant, sha256: wanted } = readPlan(text, path)
  const other = wanted !== '' && wanted !== sha256
  const difference = `was made for another file (sha256 ${wanted.slice(0, 12)}…, ${request.model} has ${sha256.slice(0, 12)}…)`
  if (other && !request.force)
    throw fail(
      'input',
      'plan-other-model',
      `The plan ${path} ${difference}: its channels need not be those of this one.`,
      'Use it with the file it was made for, or add --force to apply it to this one if its groups fit.',
    )
  const warnings = other ? [`The plan ${difference}; applied because of --force.`] : []
  const network = networkOfPlan(given.network, keep.keys())
  const coupling = network === given.network ? given : findGroups(network, inferShapes(network, sizes))
  return { subject: createSubject(network, { coupling }), keep, constant, warnings }
}

/** Of the sizes that costs are counted at; four inputs where the file leaves the batch open. */
const sampleShape = ({ network, shapes }: Coupling): number[] =>
  (shapes.get(network.inputs[0]?.name ?? '') ?? [1]).map((dim) => (typeof dim === 'number' ? dim : 4))

/** The pruned network against the masked original in onnxruntime, on one seeded input. */
async function compare(subject: Subject, keep: Keep, constant: boolean, pruned: Network) {
  const masked = beforeFinalActivation(maskedNetwork(subject.coupling, keep))
  const { maxAbsDiff, outputRange } = await withOnnxruntime((ort) =>
    compareNetworks(
      { network: masked, run: ort },
      { network: beforeFinalActivation(pruned), run: ort },
      sampleShape(subject.coupling),
    ),
  )
  // Branches that leave no constant behind are not what masks give.
  const removes = !constant && [...keep.values()].some((units) => units.length === 0)
  const off = !removes && !(maxAbsDiff <= tolerance * outputRange)
  return {
    equivalence: { maxAbsDiff, outputRange },
    warnings: off
      ? [
          `The pruned network differs from the masked original by ${maxAbsDiff.toExponential(1)}, more than rounding explains: please report this model.`,
        ]
      : [],
  }
}
