import { expect } from 'vitest'
import { widthGrid } from '../../../../src-main/core/latency/table'
import type { Widths } from '../../../../src-main/core/ports'
import type { Budget, CostModel } from '../../../../src-main/core/search/budget'
import { kindsOf } from '../../../../src-main/core/search/budget'
import type { Problem } from '../../../../src-main/core/search/repair'
import type { Searcher, SearcherState } from '../../../../src-main/core/search/searcher'
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

/**
 * That a searcher stopped after so many batches, while a batch is out or not, and made again from its state written and
 * read, ends as one that was never stopped.
 * @param make the searcher from a seed, and from a state if there is one
 */
export function expectToContinue(
  make: (seed: number, state?: SearcherState) => Searcher,
  loss: (widths: Widths) => number,
  stops: readonly (readonly [batches: number, asking: boolean])[],
): void {
  const whole = make(5)
  run(whole, loss)
  for (const [batches, asking] of stops) {
    const first = make(5)
    for (let i = 0; i < batches; i++) first.tell(first.ask().map(({ widths }) => loss(widths)))
    expect(first.done).toBe(false)
    if (asking) first.ask()
    const second = make(999, JSON.parse(JSON.stringify(first.state())) as SearcherState)
    run(second, loss)
    expect(second.state()).toEqual(whole.state())
  }
}
