import { describe, expect, it } from 'vitest'
import { stagesOf, type JobEvent, type JobSummary } from '../../src-main/contract'
import { emptyView, foldEvents } from '../../src-renderer/stores/job-view'
import { FakeJob } from '../fixtures/fake-job'
import { demoScript, fakeResult } from '../fixtures/fake-script'

const summary: JobSummary = {
  id: 'a',
  kind: 'demo',
  folder: '/p',
  state: 'running',
  events: 0,
  startedAt: '2026-01-01T00:00:00Z',
}

/** The events of a scripted run, the first `count` of them or all. */
function eventsOf(count = Infinity): JobEvent[] {
  const script = demoScript({ evaluations: 40 })
  const job = new FakeJob('a', 'demo', {}, script)
  const events: JobEvent[] = []
  job.subscribe(0, (event) => events.push(event))
  while (script.length > 0 && events.length < count) job.step()
  return events
}

let n = 0
const event = (happening: object): JobEvent =>
  ({ n: n++, job: 'a', time: '2026-01-01T00:00:10Z', ...happening }) as JobEvent

describe('a job’s view', () => {
  it('is the same folded at once or one by one', () => {
    const events = eventsOf()
    const oneByOne = events.reduce((view, one) => foldEvents(view, [one]), emptyView(summary))
    expect(foldEvents(emptyView(summary), events)).toEqual(oneByOne)
  })

  it('shows stages to come, the current one, and those done with their times', () => {
    const stages = foldEvents(emptyView(summary), eventsOf(20)).stages.map(({ name, state }) => `${name} ${state}`)
    expect(stages.slice(0, 3)).toEqual(['import done', 'latency current', 'sensitivity waiting'])
    expect(stages).toHaveLength(stagesOf({ method: 'igwo' }).length)
  })

  it('puts a stage it has not heard of where the program has it', () => {
    const stage = event({ type: 'stage', stage: 'pack', title: 'Pack', index: 1, of: 9 })
    expect(foldEvents(emptyView(summary), [stage]).stages[1]).toMatchObject({ name: 'pack', state: 'current' })
  })

  it('collects the pack, the leaders and the finalists’ measurements, not the rivals', () => {
    const { search } = foldEvents(emptyView(summary), eventsOf())
    expect(search.candidates.count).toBe(46)
    expect(search.candidates.measurements).toBe(6)
    expect(search.leaders.map(({ index }) => typeof index)).toEqual(['number', 'number', 'number'])
    expect(search.course.evaluated).toBe(40)
    expect(search.random).toMatchObject({ evaluated: 4, bests: [{ best: 0.9 }, { best: 0.7 }, { best: 0.5 }] })
    const bests = search.course.bests.map(({ best }) => best)
    expect(bests).toEqual([...bests].sort((a, b) => b - a))
  })

  it('knows each candidate’s plan, and takes a measured one for the one it is', () => {
    const { search } = foldEvents(emptyView(summary), eventsOf())
    const { candidates, groups } = search
    expect(groups).toHaveLength(12)
    expect(candidates.kept(0)).toHaveLength(12)
    const kept = [...candidates.kept(7)!]
    const data = { kept, fitness: 0.05, predicted: 0.5, measured: 0.52 }
    const progress = event({ type: 'progress', stage: 'choose', done: 1, total: 1, data })
    const after = foldEvents(foldEvents(emptyView(summary), eventsOf()), [progress]).search
    expect(after.candidates.count).toBe(46)
    expect(after.candidates.latency(7)).toBe(0.52)
    expect(after.checks.at(-1)).toEqual({ kind: 'chosen', predicted: 0.5, measured: 0.52 })
  })

  it('keeps two jobs’ searches apart', () => {
    const first = foldEvents(emptyView(summary), eventsOf())
    const second = foldEvents(emptyView({ ...summary, id: 'b' }), eventsOf(45))
    expect(first.search.candidates.count).toBe(46)
    expect(second.search.candidates.count).toBeLessThan(20)
  })

  it('collects the epochs of a training, and those of one that goes on again once', () => {
    const { training } = foldEvents(emptyView(summary), eventsOf())
    expect(training.epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4])
    const progress = (data: object) => event({ type: 'progress', stage: 'finetune', done: 8, total: 20, data })
    const again = [progress({ step: { epoch: 2, done: 0.6, loss: 0.4 } })]
    const resumed = foldEvents(foldEvents(emptyView(summary), eventsOf()), again)
    expect(resumed.training).toMatchObject({ epochs: [{ epoch: 1 }], now: { epoch: 2, done: 0.6 }, total: 4 })
  })

  it.each([
    ['no data', undefined],
    ['a number', 7],
    ['fields of the wrong types', { fitness: 'low', leaders: 3, original: [] }],
    ['infinite figures', { fitness: Infinity, cost: NaN }],
    ['nothing known', { signature: 'conv', kept: 3 }],
  ])('takes progress with %s', (_, data) => {
    const progress = event({ type: 'progress', stage: 'search', done: 1, total: 9, data })
    const view = foldEvents(emptyView(summary), [progress])
    expect(view.progress).toMatchObject({ done: 1, total: 9 })
    expect(view.search.candidates.count).toBe(0)
  })

  it('has the pair of figures as soon as one is known', () => {
    const progress = (data: object) => event({ type: 'progress', stage: 'import', done: 1, total: 9, data })
    const events = [progress({ original: { top1: 0.9 } }), progress({ original: { latency: 40 } })]
    expect(foldEvents(emptyView(summary), events).original).toEqual({ top1: 0.9, latency: 40 })
  })

  it('ends with the result’s figures', () => {
    const view = foldEvents(emptyView(summary), eventsOf())
    expect(view.state).toBe('finished')
    expect(view.result).toEqual(fakeResult)
    expect(view.candidate).toEqual({ top1: 0.9312, latency: 24.91 })
  })

  it('says it when a result cannot be read', () => {
    const view = foldEvents(emptyView(summary), [event({ type: 'finished', result: { speedup: null } })])
    expect(view).toMatchObject({ state: 'finished', resultUnreadable: true })
  })

  it('stops the current stage where it was interrupted', () => {
    const failure = { kind: 'interrupted', code: 'interrupted', message: 'Interrupted.', hint: '' }
    const view = foldEvents(emptyView(summary), [...eventsOf(5), event({ type: 'failed', failure })])
    expect(view.state).toBe('cancelled')
    expect(view.stages[0]).toMatchObject({ state: 'stopped' })
  })
})
