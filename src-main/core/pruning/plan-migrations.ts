import { fail } from '../failure'

/** The version that is written. */
export const planVersion = 1

/** A plan of any version: JSON whose fields are not known yet. */
export type AnyPlan = Readonly<Record<string, unknown>>

/**
 * Version → how a plan of that version becomes one of the next.
 *
 * 0 is what was written before a plan listed removed branches and what each group of an unevenly cut grouped
 * convolution keeps; it may lack the version itself. An emptied group then always left its branch's constant behind.
 */
const migrations: Readonly<Record<number, (plan: AnyPlan) => AnyPlan>> = {
  0: (plan) => ({ ...plan, version: 1, removedBranches: plan['removedBranches'] ?? [] }),
}

/**
 * The plan in today's form.
 * @throws LupineError 'plan-version' when it is newer than this program, or of no version there was
 */
export function migratePlan(plan: AnyPlan, place: string): AnyPlan {
  let current = plan
  for (;;) {
    const version = current['version'] ?? 0
    if (version === planVersion) return current
    const migrate = typeof version === 'number' && Object.hasOwn(migrations, version) ? migrations[version] : undefined
    if (!migrate)
      throw fail(
        'input',
        'plan-version',
        `${place} is a plan of version ${JSON.stringify(version)}; this Lupine reads versions 0 to ${planVersion}.`,
        typeof version === 'number' && version > planVersion
          ? 'Use a newer Lupine, or make the plan again with this one.'
          : 'Make the plan again, or correct its "version".',
      )
    current = migrate(current)
  }
}
