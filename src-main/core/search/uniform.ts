import type { Random, Widths } from '../ports'
import { planKey } from './archive'
import { type Budget, type CostModel, fits } from './budget'
import type { Problem } from './repair'
import { BaseSearcher, type Candidate, leadingCost, type SearcherState } from './searcher'
import type { Level, Space } from './space'

export interface UniformPlan {
  /** The one keep ratio of all groups. */
  readonly keep: number
  /** Channels are multiples of this. */
  readonly round: number
  readonly widths: Widths
}

export interface UniformGroup {
  readonly id: string
  readonly channels: number
}

/** The one-ratio plan: channels·keep rounded to a multiple of `round`, at least one multiple, at most the original. */
export function uniformWidths(groups: readonly UniformGroup[], keep: number, round: number): Widths {
  const widths: Record<string, number> = {}
  for (const { id, channels } of groups) {
    const kept = Math.min(channels, Math.max(round, Math.round((channels * keep) / round) * round))
    if (kept < channels) widths[id] = kept
  }
  return widths
}

/**
 * For each rounding, the widest one-ratio plan that meets the budget, stepping the ratio down by hundredths. A rounding
 * that cannot meet it is left out.
 */
export function uniformPlans(
  groups: readonly UniformGroup[],
  costs: CostModel,
  budget: Budget,
  roundings: readonly number[] = [1, 8, 16],
): UniformPlan[] {
  const plans: UniformPlan[] = []
  for (const round of roundings) {
    for (let percent = 100; percent > 0; percent--) {
      const widths = uniformWidths(groups, percent / 100, round)
      if (!fits(costs, budget, widths)) continue
      plans.push({ keep: percent / 100, round, widths })
      break
    }
  }
  return plans
}

export interface UniformOptions {
  /** What widths become multiples of. Default 1, 8 and 16. */
  readonly roundings?: readonly number[]
  /** Also with residual branches removed, one more each time: those first that lose least for what they save. */
  readonly removals?: boolean
}

/** The groups of each branch that the space may remove, by rising loss per cost saved. */
function removable({ dimensions }: Space): (readonly string[])[] {
  const rate = ({ costs, loss }: Level): number => loss / Math.max(1e-9, 1 - Math.min(...Object.values(costs)))
  return dimensions
    .flatMap(({ groups, levels }) =>
      levels.filter(({ kept }) => kept === 0).map((level) => ({ groups, rate: rate(level) })),
    )
    .sort((a, b) => a.rate - b.rate)
    .map(({ groups }) => groups)
}

/** The uniform plans as a searcher: one batch. */
export class UniformSearch extends BaseSearcher {
  readonly method = 'uniform'

  constructor(
    problem: Problem,
    private readonly groups: readonly UniformGroup[],
    evaluations: number,
    random: Random,
    private readonly options: UniformOptions = {},
    state?: SearcherState,
  ) {
    super(problem, evaluations, random, state)
  }

  protected propose(left: number): Candidate[] | undefined {
    if (this.archive.evaluations > 0) return undefined
    const distinct = new Map<string, Candidate>()
    const { space, costs, budget } = this.problem
    const branches = this.options.removals ? removable(space) : []
    for (let count = 0; count <= branches.length; count++) {
      const removed = Object.fromEntries(branches.slice(0, count).flatMap((ids) => ids.map((id) => [id, 0])))
      const left = this.groups.filter(({ id }) => removed[id] === undefined)
      const own: CostModel = { cost: (kind, widths) => costs.cost(kind, { ...removed, ...widths }) }
      for (const plan of uniformPlans(left, own, budget, this.options.roundings)) {
        const widths = { ...removed, ...plan.widths }
        const key = planKey(widths)
        distinct.set(key, { key, widths, cost: leadingCost(this.problem, widths), position: [], source: 'uniform' })
      }
    }
    return distinct.size > 0 ? [...distinct.values()].slice(0, left) : undefined
  }

  override rivals(): undefined {
    return undefined
  }

  protected advance(): void {
    this.finished = true
  }

  protected inner(): null {
    return null
  }
}
