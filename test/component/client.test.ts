import { describe, expect, it } from 'vitest'
import type { JobEvent } from '../../src-main/contract'
import { settle, setting } from './fake-client'

function follower() {
  const seen: number[] = []
  const refusals: string[] = []
  return {
    seen,
    refusals,
    onEvent: (event: JobEvent) => void seen.push(event.n),
    onRefused: ({ code }: { code: string }) => void refusals.push(code),
  }
}

describe('the client', () => {
  it('answers at once while there is no connection', async () => {
    const { client } = setting()
    expect(await client.call('jobs.list', {})).toMatchObject({ ok: false, failure: { code: 'not-connected' } })
  })

  it('fails what is unanswered when the line breaks', async () => {
    const { client, line } = setting()
    line.connect()
    line.send = () => undefined
    const answer = client.call('jobs.list', {})
    line.break()
    expect(await answer).toMatchObject({ ok: false, failure: { code: 'line-broke' } })
  })

  it('delivers each event once and in order across a broken line', async () => {
    const { client, line, program } = setting()
    line.connect()
    const started = await client.start('demo', {})
    expect(started.ok).toBe(true)
    const own = follower()
    client.follow('job-1', 0, own)
    program.step(3)
    await settle()
    line.break()
    program.step(3)
    await settle()
    expect(own.seen).toEqual([0, 1, 2, 3])
    line.connect()
    await settle()
    program.step(1)
    expect(own.seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  })

  it('asks again when an event is missing', async () => {
    const { client, line, program } = setting()
    line.connect()
    await client.start('demo', {})
    const own = follower()
    client.follow('job-1', 0, own)
    program.step(1)
    await settle()
    const pass = line.listener.onMessage
    line.listener.onMessage = () => undefined
    program.step(1)
    line.listener.onMessage = pass
    program.step(1)
    await settle()
    expect(own.seen).toEqual([0, 1, 2, 3])
  })

  it('says when the program does not know the job', async () => {
    const { client, line } = setting()
    line.connect()
    const own = follower()
    client.follow('elsewhere', 0, own)
    await settle()
    expect(own.refusals).toEqual(['unknown-job'])
  })

  it('takes no answer that is not the contract’s', async () => {
    const { client, line } = setting()
    line.connect()
    line.send = (message) => {
      const { id } = message as { id: number }
      line.listener.onMessage({ type: 'answer', id, result: { ok: true, value: [{ id: 7 }] } })
    }
    expect(await client.call('jobs.list', {})).toMatchObject({ ok: false, failure: { code: 'bad-answer' } })
  })
})
