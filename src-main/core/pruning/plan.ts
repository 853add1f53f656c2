import { fail } from '../failure'
import type { ResidualBranch } from '../coupling/branches'
import type { Coupling } from '../coupling/groups'
import { maskedActivations } from './masks'
import { keptConstants } from './kept'
import type { Keep } from './widths'

/** plan.json, version 1. Other programs read it: fields are added, never renamed. */
export interface PlanFile {
  readonly format: 'lupine-plan'
  readonly version: 1
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
    version: 1,
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

/**
 * Reads plan.json: units kept per group.
 * @throws LupineError 'plan-unreadable', 'plan-version'
 */
export function readPlan(
  text: string,
  place: string,
): { keep: Map<string, readonly number[]>; sha256: string; constant: boolean } {
  let plan: Partial<PlanFile>
  try {
    plan = JSON.parse(text) as Partial<PlanFile>
  } catch (error) {
    throw fail(
      'input',
      'plan-unreadable',
      `${place} is not JSON: ${(error as Error).message}.`,
      'Give the plan.json of a run, or one in its format.',
      error,
    )
  }
  if (plan?.format !== 'lupine-plan' || !Array.isArray(plan.groups))
    throw fail(
      'input',
      'plan-unreadable',
      `${place} is not a Lupine plan.`,
      'A plan starts with "format": "lupine-plan".',
    )
  if (plan.version !== 1)
    throw fail(
      'input',
      'plan-version',
      `${place} is a plan of version ${String(plan.version)}; this Lupine reads version 1.`,
      'Use a newer Lupine.',
    )
  const keep = new Map<string, readonly number[]>()
  for (const group of plan.groups as readonly Partial<PlanFile['groups'][number]>[]) {
    if (typeof group.id !== 'string' || !Array.isArray(group.keep))
      throw fail(
        'input',
        'plan-unreadable',
        `${place}: a group lacks "id" or "keep".`,
        'Give each group an id and the indices it keeps.',
      )
    keep.set(group.id, group.keep)
  }
  const constant = (plan.removedBranches ?? []).every((branch) => branch.constant !== false)
  return { keep, sha256: plan.model?.sha256 ?? '', constant }
}

/** The slices of initializers that a group's plan alone causes; a constant several nodes read is listed once. */
function initializerCuts(coupling: Coupling, id: string, kept: readonly number[]) {
  const cuts = new Map<string, PlanFile['groups'][number]['initializers'][number]>()
  for (const { tensor, axis, indices, perPart } of keptConstants(coupling, new Map([[id, kept]]))) {
    const uneven = perPart?.some((part) => part.join() !== indices.join())
    cuts.set(`${tensor}@${axis}`, { tensor, axis, keep: indices, ...(uneven ? { perPart } : {}) })
  }
  return [...cuts.values()]
}
