import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { findGroups } from '../../../core/coupling/groups'
import { createCostModel } from '../../../core/pruning/cost-model'
import { fitTarget } from '../../../core/methods/fit-target'
import { filterMethods } from '../../../core/methods/filters/schedule'
import { methodOptions, type Target, type TrainedMethod } from '../../../core/methods/registry'
import type { Widths } from '../../../core/ports'
import { planKey } from '../../../core/search/archive'
import { withoutIdleSelections } from '../../../core/graph/selections'
import { insertSelections } from '../../../core/pruning/selections'
import type { Keep } from '../../../core/pruning/widths'
import { createSubject, type Subject } from '../../../core/pruning/subject'
import { DeviceOracle } from '../../../devices/oracle'
import { loadOnnx, saveOnnx } from '../../../formats/onnx/files'
import { FileJournal } from '../../../runs/journal'
import { groupsNamed } from '../../group-names'
import { nothingToPrune } from '../../latency-oracles'
import { workingFile } from '../import'
import type { PreparedScene } from '../scene'
import { filterPruning } from './filters'
import { ista } from './ista'
import { methodRecipe, type Method, type MethodOutcome, type MethodScene } from './method'
import { fpgm, l1 } from './ranked'
import { slimming } from './slimming'
import { targetOf } from './target'
import { taylor } from './taylor'
import { ucp } from './ucp'

export { targetOf } from './target'

/** What runs each method that is not a search. */
const methods: Readonly<Partial<Record<TrainedMethod, Method>>> = {
  ...{ l1, fpgm, slimming, ista, ucp, 'taylor-bn': taylor },
  ...Object.fromEntries(filterMethods.map((name) => [name, filterPruning(name)])),
}

export const isMethod = (name: string): name is TrainedMethod => Object.hasOwn(methods, name)

export interface MethodStage extends MethodOutcome {
  /** Of the cleaned original: what plans and latencies are of. */
  readonly subject: Subject
  readonly kept: Keep
}

/**
 * Prunes by a method that is not a search. Called again it goes on: trainings from their checkpoints, measurements and
 * scores from the journal.
 * @throws LupineError of the method; 'nothing-to-prune'; 'budget-unreachable'
 */
export async function methodStage(scene: PreparedScene): Promise<MethodStage> {
  const { request, files, job, imported, device } = scene
  const options = methodOptions(request.method, request.methodOptions)
  const open = async (path: string) => {
    const network = await loadOnnx(path)
    return options['selection'] ? insertSelections(network) : network
  }
  const original = await open(files.original)
  const coupling = findGroups(original)
  const exclude = groupsNamed(coupling, request.exclude ?? [], '--exclude')
  const subject = createSubject(original, { coupling, exclude, streams: request.streams ?? false })
  if (subject.dimensions.length === 0) throw nothingToPrune()
  const source = workingFile(files, imported)
  const workingPath = options['selection'] ? join(files.method, 'selections.onnx') : source
  const working = imported.reinserted
    ? createSubject(await open(source), { importance: subject.importance, exclude })
    : subject
  const method = methods[request.method as TrainedMethod]!
  const journal = FileJournal.open(files.journal)
  try {
    const costs = createCostModel(subject)
    const oracle = new DeviceOracle({
      ...{ device, subject, seed: request.seed, cancellation: job, measurements: files.measurements },
      onProgress: (done, total) => job.progress('method', { done, total, detail: `measuring ${total} networks` }),
    })
    const measure = (plans: readonly Widths[]) =>
      journal.record('latencies', plans.map(planKey).join('\n'), () => oracle.measure(plans))
    const groups = new Set(subject.dimensions.map(({ id }) => id))
    const own: MethodScene = {
      ...{ ...scene, working, workingPath, journal },
      groups: working.coupling.groups.filter(({ id }) => groups.has(id)),
      options,
      fit: (family, part = 1) => fitTarget(family, partOf(targetOf(request), part), costs, measure),
      recipe: (changes) => methodRecipe(scene, changes),
    }
    method.check?.(own)
    await mkdir(files.method, { recursive: true })
    const outcome = await scene.stages.run('method', async () => {
      if (workingPath !== source) await saveOnnx(workingPath, working.network)
      const left = await method.run(own)
      await saveOnnx(files.pruned, withoutIdleSelections(await loadOnnx(files.pruned)))
      return left
    })
    const whole = new Map(subject.coupling.groups.map(({ id, channels }) => [id, channels]))
    const kept = new Map(Object.entries(outcome.keep).filter(([id, units]) => units.length < whole.get(id)!))
    return { ...outcome, subject, kept }
  } finally {
    journal.close()
  }
}

/** Half way to a half is √½: every part of the way removes the same fraction of what is left. */
const partOf = (target: Target, part: number): Target =>
  Object.fromEntries(Object.entries(target).map(([kind, value]) => [kind, value ** part]))
