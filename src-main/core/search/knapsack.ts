import { fits, type CostKind, kindsOf } from './budget'
import { fill, narrow, type Problem } from './repair'
import { lossOf, widthsOf } from './space'

/** A way to set one unit: a free dimension, or a branch with all its groups. */
interface Option {
  readonly saving: number
  readonly loss: number
  /** [dimension, level] pairs. */
  readonly choice: readonly (readonly [number, number])[]
}

/** Resolution of the savings in the dynamic programme. */
const QUANTA = 1000
/** Bisection steps on the added-up saving that makes the true cost meet the budget. */
const BISECTIONS = 10

/** Options without those another saves as much as with no more loss. */
function prune(options: readonly Option[]): Option[] {
  const ordered = [...options].sort((a, b) => b.saving - a.saving || a.loss - b.loss)
  const kept: Option[] = []
  for (const option of ordered) if (kept.length === 0 || option.loss < kept.at(-1)!.loss) kept.push(option)
  return kept
}

/** The units of a space with their options, costs of one kind. */
function unitsOf({ space }: Problem, kind: CostKind): Option[][] {
  const own = (d: number): Option[] =>
    space.dimensions[d]!.levels.map((level, l) => ({
      saving: 1 - level.costs[kind]! - (1 - space.dimensions[d]!.levels[0]!.costs[kind]!),
      loss: level.loss,
      choice: [[d, l]],
    }))
  const units: Option[][] = []
  space.dimensions.forEach((dimension, d) => {
    if (dimension.kind === 'branch') {
      const members = space.gates.flatMap((gate, m) => (gate === d ? [m] : []))
      const present = members.reduce<Option[]>((sum, m) => combine(sum, own(m)), [own(d)[0]!])
      units.push(prune([...present, own(d)[1]!]))
    } else if (space.gates[d]! < 0) units.push(prune(own(d)))
  })
  return units
}

function combine(a: readonly Option[], b: readonly Option[]): Option[] {
  return prune(
    a.flatMap((x) =>
      b.map((y) => ({ saving: x.saving + y.saving, loss: x.loss + y.loss, choice: [...x.choice, ...y.choice] })),
    ),
  )
}

/** Least loss with an added-up saving of at least `target`: a multiple-choice knapsack by dynamic programming. */
function solveKnapsack(units: readonly Option[][], target: number, dimensions: number): number[] | undefined {
  const quantum = target / QUANTA
  let losses = new Float64Array(QUANTA + 1).fill(Infinity)
  losses[0] = 0
  const chosen: Int16Array[] = []
  const from: Int16Array[] = []
  for (const options of units) {
    const next = new Float64Array(QUANTA + 1).fill(Infinity)
    const [pick, origin] = [new Int16Array(QUANTA + 1), new Int16Array(QUANTA + 1)]
    options.forEach(({ saving, loss }, o) => {
      // The tiny slack keeps an exact multiple from being rounded down a whole quantum.
      const shift = Math.floor(saving / quantum + 1e-9)
      for (let q = 0; q <= QUANTA; q++) {
        const to = Math.min(QUANTA, Math.max(0, q + shift))
        if (losses[q]! + loss < next[to]!) {
          next[to] = losses[q]! + loss
          pick[to] = o
          origin[to] = q
        }
      }
    })
    losses = next
    chosen.push(pick)
    from.push(origin)
  }
  if (losses[QUANTA] === Infinity) return undefined
  const levels = new Array<number>(dimensions).fill(0)
  for (let u = units.length - 1, q = QUANTA; u >= 0; u--) {
    for (const [d, level] of units[u]![chosen[u]![q]!]!.choice) levels[d] = level
    q = from[u]![q]!
  }
  return levels
}

/**
 * The plan of least added-up loss on the budget: a multiple-choice knapsack over the levels (HALP, NeurIPS 2022, casts
 * pruning so), with the added-up saving bisected until the true cost just fits, then filled up. With several kinds of
 * budget each leads once and the best result that meets all is taken.
 * @throws LupineError kind 'input' code 'budget-unreachable'
 */
export function knapsack(problem: Problem): number[] {
  const { space, costs, budget } = problem
  const untouched = space.dimensions.map(() => 0)
  const found = [fill(problem, narrow(problem, untouched))]
  for (const kind of kindsOf(budget)) {
    const units = unitsOf(problem, kind)
    const most = units.reduce((sum, options) => sum + Math.max(...options.map((option) => option.saving)), 0)
    let [low, high] = [0, most]
    for (let step = 0; step < BISECTIONS; step++) {
      // First what the budget says itself: right when savings simply add up.
      const target = step === 0 ? Math.min(costs.cost(kind, {}) - budget[kind]!, most) : (low + high) / 2
      if (target <= 0) continue
      const levels = solveKnapsack(units, target, space.dimensions.length)
      if (!levels) high = target
      else if (fits(costs, { [kind]: budget[kind]! }, widthsOf(space, levels))) {
        high = target
        found.push(fill(problem, narrow(problem, levels)))
      } else low = target
    }
  }
  return found.reduce((best, levels) => (lossOf(space, levels) < lossOf(space, best) ? levels : best))
}
