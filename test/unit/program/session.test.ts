import { describe, expect, it } from 'vitest'
import type { ServerMessage } from '../../../src-main/contract/wire'
import { createSession } from '../../../src-main/program/session'
import { createFakeProgram } from '../../fixtures/fake-program'

/** A line with room for so many messages at a time. */
function narrowLine(room: number) {
  const sent: ServerMessage[] = []
  let left = room
  return {
    send: (message: ServerMessage) => (sent.push(message), --left > 0),
    empty: () => (left = room),
    sent,
    events: () => sent.flatMap((message) => (message.type === 'event' ? [message.event.n] : [])),
  }
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 0))

async function running(room: number) {
  const program = createFakeProgram()
  await program.start('demo', {})
  const line = narrowLine(room)
  const session = createSession(program, line.send)
  return { program, line, session }
}

describe('a session whose line is full', () => {
  it('stops in the middle of past events and goes on where it stopped', async () => {
    const { program, line, session } = await running(4)
    program.step(9)
    session.receive({ type: 'subscribe', id: 0, job: 'job-1', from: 2 })
    await settle()
    expect(line.events()).toEqual([2, 3, 4, 5])
    line.empty()
    session.drained()
    expect(line.events()).toEqual([2, 3, 4, 5, 6, 7, 8, 9])
  })

  it('skips live events and fetches them later, each once and in order', async () => {
    const { program, line, session } = await running(3)
    session.receive({ type: 'subscribe', id: 0, job: 'job-1', from: 0 })
    await settle()
    program.step(9)
    while (line.events().length < 10) {
      line.empty()
      session.drained()
    }
    expect(line.events()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  it('remembers a subscription made meanwhile', async () => {
    const { program, line, session } = await running(1)
    session.receive({ type: 'call', id: 0, name: 'jobs.list', request: {} })
    await settle()
    session.receive({ type: 'subscribe', id: 1, job: 'job-1', from: 0 })
    await settle()
    expect(line.events()).toEqual([])
    program.step(1)
    line.empty()
    session.drained()
    expect(line.events()).toEqual([0])
  })
})

describe('a session', () => {
  it('sends each event once when subscribed twice', async () => {
    const { program, line, session } = await running(99)
    session.receive({ type: 'subscribe', id: 0, job: 'job-1', from: 0 })
    session.receive({ type: 'subscribe', id: 1, job: 'job-1', from: 1 })
    program.step(2)
    await settle()
    expect(line.events()).toEqual([0, 1, 2])
  })

  it('is silent once closed, and the job goes on', async () => {
    const { program, line, session } = await running(99)
    session.receive({ type: 'subscribe', id: 0, job: 'job-1', from: 0 })
    await settle()
    session.close()
    program.step(3)
    expect(line.events()).toEqual([0])
    expect(await program.call('jobs.list', {})).toMatchObject({ value: [{ events: 4, state: 'running' }] })
  })

  it('refuses more subscriptions and more calls at once than any window needs', async () => {
    const { line, session } = await running(1e9)
    for (let id = 0; id < 65; id++) session.receive({ type: 'call', id, name: 'jobs.list', request: {} })
    await settle()
    const codes = line.sent.flatMap((message) =>
      message.type === 'answer' && !message.result.ok ? [message.result.failure.code] : [],
    )
    expect(codes).toEqual(['too-many-calls'])
  })

  it('answers a request the contract does not allow with a failure that names the field', async () => {
    const { line, session } = await running(99)
    session.receive({ type: 'subscribe', id: 5, job: 'job-1' })
    session.receive('nothing with an id')
    await settle()
    expect(line.sent).toHaveLength(1)
    expect(line.sent[0]).toMatchObject({ id: 5, result: { failure: { message: expect.stringContaining('from') } } })
  })
})
