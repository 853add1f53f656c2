import { describe, expect, it } from 'vitest'
import { searchRatios } from '../../../../src-main/core/methods/igwo-pruner'
import type { SearchOutcome, SearchRequest } from '../../../../src-main/core/methods/pruner-types'
import { createJournal, type JournalLine } from './memory-journal'
import type { Widths } from '../../../../src-main/core/ports'
import { createWorld, type World } from './synthetic-world'

const requestFor = (world: World, more: Partial<SearchRequest> = {}): SearchRequest => ({
  groups: world.groups,
  budget: { latency: 0.6 },
  costs: world.costs,
  evaluator: world.evaluator,
  oracle: world.oracle,
  journal: createJournal(),
  seed: 1,
  options: { evaluations: 80 },
  ...more,
})

describe('searchRatios', () => {
  it('returns a plan that meets the latency budget by measurement and beats both baselines', async () => {
    for (const seed of [1, 2, 3]) {
      const world = createWorld({ seed })
      const outcome = await searchRatios(requestFor(world, { seed }))
      expect(outcome.chosen.measured).toBeLessThanOrEqual(0.6)
      expect(world.ratio(outcome.chosen.widths)).toBeLessThan(0.603)
      // Nor does it give away what the budget allows.
      expect(world.ratio(outcome.chosen.widths)).toBeGreaterThan(0.57)
      expect(outcome.chosen.fitness).toBeLessThan(outcome.baselines.random.fitness!)
      expect(outcome.chosen.fitness).toBeLessThan(outcome.baselines.uniform.fitness!)
      expect(outcome.evaluations).toBeLessThanOrEqual(80)
      expect(outcome.evaluations).toBeGreaterThanOrEqual(72)
      expect(JSON.parse(JSON.stringify(outcome))).toEqual(outcome)
    }
  })

  it('replays a journal to the identical outcome without asking the outside', async () => {
    const world = createWorld()
    const journal = createJournal()
    const first = await searchRatios(requestFor(world, { journal }))
    const before = { ...world.asked }
    const again = await searchRatios(requestFor(world, { journal: createJournal(journal.lines) }))
    expect(again).toEqual(first)
    expect(world.asked).toEqual(before)
  })

  it('evaluates while another computer measures, and records the same in the same order', async () => {
    const run = async (apart: boolean, lines: readonly JournalLine[] = []) => {
      const world = createWorld()
      const journal = createJournal(lines)
      const during: number[] = []
      const oracle: typeof world.oracle = {
        async measure(variants) {
          await new Promise((resolve) => setTimeout(resolve, 1))
          during.push(world.asked.evaluated)
          return world.oracle.measure(variants)
        },
      }
      const outcome = await searchRatios(requestFor(world, { journal, oracle, apart }))
      return { outcome, lines: journal.lines, during: during[0]!, asked: world.asked }
    }
    const [after, meanwhile] = [await run(false), await run(true)]
    expect([after.during, meanwhile.during > 10]).toEqual([0, true])
    expect(meanwhile.outcome).toEqual(after.outcome)
    expect(meanwhile.lines).toEqual(after.lines)
    expect(meanwhile.asked).toEqual(after.asked)
    // What the journal has is not evaluated ahead of time again.
    const replayed = await run(true, meanwhile.lines)
    expect([replayed.outcome, replayed.asked.evaluated]).toEqual([after.outcome, 0])
  })

  it('evaluates several side by side ahead of time, once the evaluator has found that it can', async () => {
    const world = createWorld()
    const together: number[] = []
    const evaluator: typeof world.evaluator = {
      get parallel() {
        return together.length > 0 ? 2 : 1
      },
      evaluate(candidates) {
        together.push(candidates.length)
        return world.evaluator.evaluate(candidates)
      },
    }
    const oracle: typeof world.oracle = {
      async measure(variants) {
        await new Promise((resolve) => setTimeout(resolve, 1))
        together.push(0)
        return world.oracle.measure(variants)
      },
    }
    await searchRatios(requestFor(world, { oracle, evaluator, apart: true }))
    expect(together.slice(0, together.indexOf(0)).slice(0, 4)).toEqual([1, 2, 2, 2])
  })

  it('evaluates no more once the device has failed', async () => {
    const world = createWorld()
    const oracle = {
      async measure() {
        await new Promise((resolve) => setTimeout(resolve, 1))
        throw new Error('unplugged')
      },
    }
    const slow: typeof world.evaluator = {
      async evaluate(candidates) {
        await new Promise((resolve) => setTimeout(resolve, 5))
        return world.evaluator.evaluate(candidates)
      },
    }
    await expect(searchRatios(requestFor(world, { oracle, evaluator: slow, apart: true }))).rejects.toThrow('unplugged')
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(world.asked.evaluated).toBeLessThan(3)
  })

  it('resumes from a journal cut anywhere', async () => {
    // Without noise a measurement repeated is the same, so the outcomes must agree whatever is redone.
    const run = (lines: readonly JournalLine[]): Promise<SearchOutcome> =>
      searchRatios(requestFor(createWorld({ noise: 0 }), { journal: createJournal(lines) }))
    const journal = createJournal()
    const whole = await searchRatios(requestFor(createWorld({ noise: 0 }), { journal }))
    for (const part of [0.1, 0.37, 0.6, 0.95]) {
      const cut = journal.lines.slice(0, Math.round(journal.lines.length * part))
      expect(await run(cut)).toEqual(whole)
    }
  })

  it('drops what loses its race on a few images, and finds the same plan', async () => {
    for (const method of ['igwo', 'de', 'random'] as const) {
      const [racing, whole] = [createWorld({ noise: 0 }), createWorld({ noise: 0 })]
      const evaluator = { evaluate: (candidates: readonly Widths[]) => whole.evaluator.evaluate(candidates) }
      const outcome = await searchRatios(requestFor(racing, { method }))
      const slow = await searchRatios(requestFor(whole, { method, evaluator }))
      expect(outcome.chosen.widths).toEqual(slow.chosen.widths)
      expect(outcome.front).toEqual(slow.front)
      const { dropped, spearman, plans } = outcome.fidelity.fewImages
      expect(dropped).toBeGreaterThan(outcome.evaluations / 8)
      expect(plans).toBeGreaterThan(7)
      expect(spearman).toBeGreaterThan(0.9)
      expect(slow.fidelity.fewImages).toEqual({ plans: 0, spearman: null, dropped: 0 })
    }
  })

  it('chooses by a short fine-tuning among the best tenth, and says how well the fitness had ranked them', async () => {
    // Training mends what is narrow, and not what is removed.
    const world = createWorld()
    const refined: Widths[] = []
    const refiner = {
      refine: async (widths: Widths) => {
        refined.push(widths)
        const removed = Object.values(widths).filter((kept) => kept === 0).length
        return { divergence: 0.1 * world.loss(widths) + removed, top1: undefined }
      },
    }
    const journal = createJournal()
    const request = requestFor(world, { refiner, journal, options: { evaluations: 80, finalists: 12 } })
    const outcome = await searchRatios(request)
    expect(refined.length).toBeGreaterThan(1)
    expect(refined.length).toBeLessThanOrEqual(8)
    const best = Math.min(...refined.map((w) => Object.values(w).filter((kept) => kept === 0).length))
    expect(Object.values(outcome.chosen.widths).filter((kept) => kept === 0).length).toBe(best)
    expect(outcome.chosen.measured).toBeLessThanOrEqual(0.6)
    expect(outcome.chosen.refined).toBeLessThan(best + 1)
    expect(outcome.fidelity.refined.fitness.plans).toBe(refined.length)
    const count = refined.length
    expect(await searchRatios({ ...request, journal: createJournal(journal.lines) })).toEqual(outcome)
    expect(refined.length).toBe(count)
  })

  it('finds the fastest plan of an accuracy, in place of a budget', async () => {
    const world = createWorld({ noise: 0.001 })
    const refiner = {
      refine: async (widths: Widths) => ({ divergence: world.loss(widths), top1: 0.95 - 0.02 * world.loss(widths) }),
    }
    const options = { evaluations: 60 }
    const request = { ...requestFor(world, { refiner, budget: {}, options }), accuracy: 0.9 }
    const outcome = await searchRatios(request)
    expect(outcome.goal!.top1).toBeGreaterThanOrEqual(0.9)
    expect(0.95 - 0.02 * world.loss(outcome.chosen.widths)).toBeGreaterThanOrEqual(0.9)
    expect(outcome.chosen.measured).toBeLessThanOrEqual(outcome.goal!.latency)
    // Five per cent less time, and it would not have been enough.
    const faster = await searchRatios({
      ...request,
      accuracy: undefined!,
      budget: { latency: 0.95 * outcome.goal!.latency },
    })
    expect(0.95 - 0.02 * world.loss(faster.chosen.widths)).toBeLessThan(0.91)
    const goal = { failure: { code: 'goal-unreachable' } }
    await expect(searchRatios({ ...request, accuracy: 0.97 })).rejects.toMatchObject(goal)
  })

  it('stops between batches when cancelled', async () => {
    const world = createWorld()
    const controller = new AbortController()
    const request = requestFor(world, {
      signal: controller.signal,
      onProgress: (stage) => stage === 'sensitivity' && controller.abort(new Error('enough')),
    })
    await expect(searchRatios(request)).rejects.toThrow('enough')
    expect(world.asked.evaluated).toBeLessThanOrEqual(16)
  })

  it('needs no device for a budget in MACs and parameters', async () => {
    const world = createWorld()
    const request = requestFor(world, { budget: { macs: 0.5, params: 0.6 }, oracle: undefined! })
    const outcome = await searchRatios(request)
    expect(outcome.chosen.costs.macs).toBeLessThanOrEqual(0.5)
    expect(outcome.chosen.costs.params).toBeLessThanOrEqual(0.6)
    expect(outcome.chosen.measured).toBeUndefined()
    expect(world.asked.measured).toBe(0)
  })

  it('runs every method, and lets progress be followed', async () => {
    for (const method of ['gwo', 'random', 'uniform'] as const) {
      const stages = new Set<string>()
      const onProgress: SearchRequest['onProgress'] = (stage, { done, total }) => {
        stages.add(stage)
        expect(done).toBeLessThanOrEqual(total)
      }
      const world = createWorld()
      const outcome = await searchRatios(requestFor(world, { method, onProgress, budget: { latency: 0.7 } }))
      expect(outcome.method).toBe(method)
      expect(outcome.chosen.measured).toBeLessThanOrEqual(0.7)
      expect([...stages]).toEqual(['latency', 'sensitivity', 'search', 'choose'])
    }
  })

  it('meets the budget on a device that is slower than its table for optimised plans', async () => {
    const world = createWorld()
    // Whatever keeps the branches but narrows everything pays 4 % that no single measurement shows.
    const oracle = {
      measure: async (variants: Parameters<typeof world.oracle.measure>[0]) => {
        const measured = await world.oracle.measure(variants)
        return measured.map((m, i) => {
          const removed = Object.values(variants[i]!).filter((kept) => kept === 0).length
          return Object.keys(variants[i]!).length > 8 && removed < 4 ? { ...m, ratio: m.ratio + 0.04 } : m
        })
      },
    }
    const outcome = await searchRatios(requestFor(world, { oracle }))
    expect(outcome.chosen.measured).toBeLessThanOrEqual(0.6)
  })

  it('names what can be reached when the budget cannot', async () => {
    const world = createWorld()
    await expect(searchRatios(requestFor(world, { budget: { latency: 0.05 } }))).rejects.toMatchObject({
      failure: {
        kind: 'input',
        code: 'budget-unreachable',
        message: expect.stringMatching(
          /^The budget \(latency 0\.05\) is below what can be reached: at least latency 0\.\d{3}\.$/,
        ),
      },
    })
    // A device that never gets faster for whole networks: the table promises what no measurement shows.
    const stubborn = {
      measure: async (variants: Parameters<typeof world.oracle.measure>[0]) =>
        (await world.oracle.measure(variants)).map((m, i) =>
          Object.keys(variants[i]!).length > 4 ? { ...m, ratio: 0.9 } : m,
        ),
    }
    await expect(searchRatios(requestFor(world, { oracle: stubborn }))).rejects.toThrow(/at least latency 0\.\d+/)
  })

  it('removes a branch of several groups as a whole or not at all', async () => {
    const world = createWorld({ blocks: 2 })
    const groups = world.groups.map((group) => ({ ...group, removable: true, branch: group.id.split('.')[0]! }))
    const outcome = await searchRatios(requestFor(world, { groups, budget: { latency: 0.45 } }))
    expect(outcome.chosen.measured).toBeLessThanOrEqual(0.45)
    expect(Object.keys(outcome.removals)).toEqual(['layer1', 'layer2', 'layer3'])
    for (const { widths } of [outcome.chosen, ...outcome.front]) {
      for (const layer of ['layer1', 'layer2', 'layer3']) {
        expect(widths[`${layer}.0`] === 0).toBe(widths[`${layer}.1`] === 0)
      }
    }
    expect(outcome.front.some(({ widths }) => Object.values(widths).includes(0))).toBe(true)
  })

  it('refuses requests that make no sense', async () => {
    const world = createWorld()
    const code = (code: string): object => ({ failure: { code } })
    await expect(searchRatios(requestFor(world, { budget: {} }))).rejects.toMatchObject(code('no-budget'))
    await expect(searchRatios(requestFor(world, { groups: [] }))).rejects.toMatchObject(code('nothing-to-prune'))
    await expect(searchRatios(requestFor(world, { oracle: undefined! }))).rejects.toMatchObject(
      code('latency-needs-device'),
    )
  })
})
