import type { MethodOptions } from '../../../core/methods/registry'
import type { FittedPlan, PlanFamily } from '../../../core/methods/fit-target'
import type { Journal } from '../../../core/ports'
import type { Subject } from '../../../core/pruning/subject'
import type { CoupledGroup } from '../../../core/coupling/groups'
import type { Recipe } from '../../../engines/interface'
import { runRecipe } from '../recipe'
import type { PreparedScene, RunScene } from '../scene'

/** Epochs of a method's own training where nobody said. */
const defaultEpochs = 12

/** What a method has at hand. */
export interface MethodScene extends PreparedScene {
  /** Of the network that is trained: the cleaned original, perhaps with its BN put back. */
  readonly working: Subject
  /** Its file. */
  readonly workingPath: string
  /** What it prunes: inside residual branches and plain chains. */
  readonly groups: readonly CoupledGroup[]
  readonly options: MethodOptions
  readonly journal: Journal
  /** The plan of a family that meets the run's target, or a part of the way there (0 … 1, along its logarithm). */
  fit(family: PlanFamily, part?: number): Promise<FittedPlan>
  /** The method's own training, of so many epochs: the fine-tuning's recipe, without a teacher. */
  recipe(changes: Partial<Recipe>): Recipe
}

/** What a method leaves behind; plain JSON. */
export interface MethodOutcome {
  /** Group → units of the original that stay, for the groups that lose some. */
  readonly keep: Readonly<Record<string, readonly number[]>>
  /** Latency ratio of the plan, where the target bounds it. */
  readonly measured?: number
  /** For people. */
  readonly notes: readonly string[]
}

export interface Method {
  /** Whether it can serve this network: told before anything is trained. @throws LupineError input */
  check?(scene: MethodScene): void
  /** Leaves the pruned network in `files.pruned`. */
  run(scene: MethodScene): Promise<MethodOutcome>
}

/** The fine-tuning's recipe without a teacher, for the method's own epochs. */
export const methodRecipe = (scene: RunScene, changes: Partial<Recipe>): Recipe =>
  runRecipe(scene, scene.request.methodEpochs ?? defaultEpochs, {
    distillation: 0,
    ...(scene.settings.limit && { limit: scene.settings.limit }),
    ...changes,
  })
