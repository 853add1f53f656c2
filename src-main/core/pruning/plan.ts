import { fail } from '../failure'
import type { ResidualBranch } from '../coupling/branches'
import type { Coupling } from '../coupling/groups'
import { isOfSelection } from '../graph/selections'
import { maskedActivations } from './masks'
import { keptConstants } from './kept'
import { migratePlan, planVersion, type AnyPlan } from './plan-migrations'
import type { Keep } from './widths'

/** plan.json as it is written; plan-migrations.ts reads older ones. Other programs read it: fields are added, never renamed. */
export interface PlanFile {
  readonly format: 'lupine-plan'
  readonly version: typeof planVersion
  readonly model: { readonly sha256: string }
  readonly groups: readonly {
    readonly id: string
    readonly keep: readonly number[]
    readonly initializers: readonly {
      readonly tensor: string
      readonly axis: number
      readonly keep: readonly number[]
      /** Where a grouped convolution's groups keep different parts of the axis: what each keeps. */
      readonly perPart?: readonly (readonly number[])[]
    }[]
    readonly activations: readonly {
      readonly tensor: string
      readonly axis: number
      readonly keep: readonly number[]
    }[]
  }[]
  readonly removedBranches: readonly { readonly id: string; readonly output: string; readonly constant: boolean }[]
}

/** The plan as a document; `sha256` is of the original file, whose tensor names it uses. */
export function planFile(
  coupling: Coupling,
  branches: readonly ResidualBranch[],
  keep: Keep,
  sha256: string,
  constant = true,
): PlanFile {
  const removed = branches.filter((branch) => branch.groups.some((id) => keep.get(id)?.length === 0))
  return {
    format: 'lupine-plan',
    version: planVersion,
    model: { sha256 },
    groups: coupling.groups
      .filter((group) => keep.has(group.id))
      .map((group) => {
        const kept = keep.get(group.id)!
        return {
          id: group.id,
          keep: kept,
          // A removed branch's weights go whole.
          initializers: kept.length === 0 ? [] : initializerCuts(coupling, group.id, kept),
          activations: maskedActivations(coupling, group.id, kept),
        }
      }),
    removedBranches: removed.map(({ id, output }) => ({ id, output, constant })),
  }
}

/** What a plan asks for. */
export interface ReadPlan {
  readonly keep: Map<string, readonly number[]>
  /** Of the file it was made for; '' where the plan does not say. */
  readonly sha256: string
  /** Do removed branches leave their constant behind? */
  readonly constant: boolean
}

/**
 * Reads plan.json, of this version or an older one: units kept per group.
 * @throws LupineError 'plan-unreadable', 'plan-version'
 */
export function readPlan(text: string, place: string): ReadPlan {
  const unreadable = (what: string, hint: string, cause?: unknown) =>
    fail('input', 'plan-unreadable', `${place}${what}`, hint, cause)
  let given: AnyPlan | null
  try {
    given = JSON.parse(text) as AnyPlan | null
  } catch (error) {
    const hint = 'Give the plan.json of a run, or one in its format.'
    throw unreadable(` is not JSON: ${(error as Error).message}.`, hint, error)
  }
  if (given?.['format'] !== 'lupine-plan')
    throw unreadable(' is not a Lupine plan.', 'A plan starts with "format": "lupine-plan".')
  const plan = migratePlan(given, place) as Partial<PlanFile>
  if (!Array.isArray(plan.groups))
    throw unreadable(' has no list "groups".', 'A plan lists its groups, each with an id and the indices it keeps.')
  const keep = new Map<string, readonly number[]>()
  for (const group of plan.groups as readonly Partial<PlanFile['groups'][number]>[]) {
    if (typeof group?.id !== 'string' || !Array.isArray(group.keep))
      throw unreadable(': a group lacks "id" or "keep".', 'Give each group an id and the indices it keeps.')
    keep.set(group.id, group.keep)
  }
  const constant = (plan.removedBranches ?? []).every((branch) => branch.constant !== false)
  return { keep, sha256: plan.model?.sha256 ?? '', constant }
}

/** The slices of initializers that a group's plan alone causes; a constant several nodes read is listed once. */
function initializerCuts(coupling: Coupling, id: string, kept: readonly number[]) {
  const cuts = new Map<string, PlanFile['groups'][number]['initializers'][number]>()
  for (const { tensor, axis, indices, perPart } of keptConstants(coupling, new Map([[id, kept]]))) {
    // The file the plan is of has no selections.
    if (isOfSelection(tensor)) continue
    const uneven = perPart?.some((part) => part.join() !== indices.join())
    cuts.set(`${tensor}@${axis}`, { tensor, axis, keep: indices, ...(uneven ? { perPart } : {}) })
  }
  return [...cuts.values()]
}
