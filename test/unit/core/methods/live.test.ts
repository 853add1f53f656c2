import { expect, it } from 'vitest'
import { readProgressData, type ProgressData } from '../../../../src-main/contract/progress'
import { searchRatios } from '../../../../src-main/core/methods/igwo-pruner'
import { createJournal } from './memory-journal'
import { createWorld } from './synthetic-world'

/** What a live view gets to see of a search on the made-up world, as it comes through the contract. */
async function seen(budget: { latency: number } | { macs: number }) {
  const { groups, costs, evaluator, oracle } = createWorld()
  const events: { stage: string; data: ProgressData }[] = []
  const outcome = await searchRatios({
    ...{ groups, costs, evaluator, oracle, budget, seed: 1, journal: createJournal(), options: { evaluations: 40 } },
    onProgress(stage, { data }) {
      const read = data === undefined ? undefined : readProgressData(JSON.parse(JSON.stringify(data)))
      if (read) events.push({ stage, data: read })
    },
  })
  return { groups, events, outcome }
}

it('tells the groups, their staircases and how plans nobody chose were foretold, before the first candidate', async () => {
  const { groups, events } = await seen({ latency: 0.6 })
  const scene = events.findIndex(({ data }) => data.groups !== undefined)
  const first = events.findIndex(({ data }) => data.fitness !== undefined)
  expect(scene).toBeLessThan(first)
  const { data } = events[scene]!
  expect(data.groups).toEqual(groups.map(({ id, channels, signature }) => ({ id, channels, signature })))
  expect(Object.keys(data.staircases!)).toEqual(['stage0', 'stage1', 'stage2'])
  for (const { points } of Object.values(data.staircases!)) expect(points.length).toBeGreaterThan(4)
  expect(data.checks!.length).toBeGreaterThan(10)
})

it('tells each candidate’s plan, and where its latency is expected', async () => {
  const { groups, events, outcome } = await seen({ latency: 0.6 })
  const pack = events.filter(({ stage, data }) => stage === 'search' && data.fitness !== undefined)
  expect(pack.length).toBeGreaterThan(20)
  for (const { data } of pack) {
    expect(data.kept).toHaveLength(groups.length)
    expect(data.low!).toBeLessThan(data.predicted!)
    expect(data.high!).toBeGreaterThan(data.predicted!)
  }
  const chosen = groups.map(({ id, channels }) => outcome.chosen.widths[id] ?? channels)
  const measured = events.filter(({ data }) => data.measured !== undefined)
  expect(measured.map(({ data }) => data.kept)).toContainEqual(chosen)
  expect(measured.find(({ data }) => String(data.kept) === String(chosen))!.data.measured).toBe(outcome.chosen.measured)
})

it('tells the plans without latencies where none is asked for', async () => {
  const { groups, events } = await seen({ macs: 0.6 })
  const { data } = events.find(({ data }) => data.fitness !== undefined)!
  expect(data.kept).toHaveLength(groups.length)
  expect([data.predicted, data.low]).toEqual([undefined, undefined])
})
