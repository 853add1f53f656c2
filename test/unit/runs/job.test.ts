import { describe, expect, it } from 'vitest'
import type { JobEvent } from '../../../src-main/contract'
import { fail } from '../../../src-main/core/failure'
import { Job } from '../../../src-main/runs/job'
import { Jobs } from '../../../src-main/runs/jobs'
import { Pace } from '../../../src-main/runs/progress'

describe('a job', () => {
  it('numbers its events and gives them again from any number', async () => {
    const jobs = new Jobs()
    const job = jobs.start('run', {}, async (context) => {
      context.stage('search', 'Search', 0, 1)
      context.progress('search', { done: 1, total: 2 })
      return 42
    })
    expect(await jobs.finished(job.id)).toEqual({ ok: true, value: 42 })
    const late: JobEvent[] = []
    jobs.subscribe(job.id, 2, (event) => late.push(event))
    expect(late.map(({ n, type }) => [n, type])).toEqual([
      [2, 'progress'],
      [3, 'finished'],
    ])
  })

  it('ends in the failure its work threw, as a value', async () => {
    const jobs = new Jobs()
    const job = jobs.start('run', {}, () =>
      Promise.reject(fail('input', 'model-missing', 'There is no file x.', 'Check.')),
    )
    expect(await jobs.finished(job.id)).toMatchObject({ ok: false, failure: { code: 'model-missing' } })
    expect(jobs.list()[0]!.state).toBe('failed')
  })

  it('passes on that a training is to end, and refuses when there is none', async () => {
    const job = new Job('1', 'run')
    let heard = 0
    const stop = job.onConclude(() => heard++)
    job.conclude()
    expect(heard).toBe(1)
    stop()
    expect(() => job.conclude()).toThrow('not training')
  })

  it('waits at its gate while paused, and stops there when cancelled', async () => {
    const job = new Job('1', 'run')
    const steps: number[] = []
    const ended = job.run({}, async (context) => {
      for (let i = 0; ; i++) {
        await context.gate()
        steps.push(i)
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    })
    await new Promise((resolve) => setTimeout(resolve, 20))
    job.pause()
    await new Promise((resolve) => setTimeout(resolve, 10))
    const paused = steps.length
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(steps.length).toBe(paused)
    job.continue()
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(steps.length).toBeGreaterThan(paused)
    job.useFolder('/p', '/nowhere/events.jsonl')
    job.cancel()
    expect(await ended).toMatchObject({
      ok: false,
      failure: { kind: 'interrupted', hint: 'Go on with: lupine resume /p' },
    })
    expect(job.state).toBe('cancelled')
  })

  it('cancelled while paused ends as well', async () => {
    const job = new Job('1', 'run')
    const ended = job.run({}, async (context) => {
      job.pause()
      await context.gate()
    })
    await new Promise((resolve) => setTimeout(resolve, 5))
    job.cancel()
    expect(await ended).toMatchObject({ ok: false, failure: { code: 'interrupted' } })
  })
})

describe('Pace', () => {
  it('tells the time left from the recent pace', () => {
    const pace = new Pace()
    let left: number | undefined
    // 50 quick units, then 50 of ten times the length: 100 of them are left.
    let now = 0
    for (let done = 0; done <= 100; done++) left = pace.update(done, 200, (now += done <= 50 ? 10 : 100))
    expect(left).toBe(10)
  })

  it('says nothing at the start', () => {
    expect(new Pace().update(0, 10, 0)).toBeUndefined()
  })
})

it('fails for the reason it was stopped for, which no cancelling is', async () => {
  const job = new Job('a', 'run')
  const failure = { kind: 'work', code: 'project-gone', message: 'The folder is gone.', hint: '' } as const
  const outcome = job.run({}, async (context) => {
    context.stop(failure)
    await context.gate()
  })
  expect(await outcome).toEqual({ ok: false, failure })
  expect(job.state).toBe('failed')
})
