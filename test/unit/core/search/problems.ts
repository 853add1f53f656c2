import { widthGrid } from '../../../../src-main/core/latency/table'
import type { Widths } from '../../../../src-main/core/ports'
import type { Budget, CostModel } from '../../../../src-main/core/search/budget'
import { kindsOf } from '../../../../src-main/core/search/budget'
import type { Problem } from '../../../../src-main/core/search/repair'
import type { Searcher } from '../../../../src-main/core/search/searcher'
import { createSpace, type SpaceGroup } from '../../../../src-main/core/search/space'
import type { World } from '../methods/synthetic-world'

/** A world's problem with exact costs, and sensitivities of the groups alone. */
export function problemOf(world: World, budget: Budget): Problem {
  const costs: CostModel = {
    cost: (kind, widths) => (kind === 'latency' ? world.ratio(widths) : world.costs.cost(kind, widths)),
  }
  const candidates = ({ channels }: SpaceGroup): number[] => widthGrid(channels)
  return {
    space: createSpace({ groups: world.groups, candidates, kinds: kindsOf(budget), costs, loss: world.loss }),
    costs,
    budget,
  }
}

/** Runs a searcher to its end and gives its best fitness. */
export function run(searcher: Searcher, fitness: (widths: Widths) => number): number {
  while (!searcher.done) {
    const batch = searcher.ask()
    if (!searcher.done) searcher.tell(batch.map((candidate) => fitness(candidate.widths)))
  }
  return searcher.archive.best(1)[0]!.fitness
}
