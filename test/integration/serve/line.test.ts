import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startServer, type RunningServer } from '../../../src-main/serve/server'
import { createFakeProgram, type FakeProgram } from '../../fixtures/fake-program'
import { TestClient, until } from './client'
import { temporaryFolder } from '../../fixtures/temporary'

let page: string
let program: FakeProgram
let server: RunningServer

beforeEach(async () => {
  page = temporaryFolder('line')
  await writeFile(join(page, 'index.html'), '<!doctype html>')
  program = createFakeProgram()
  server = await startServer(program, { page })
})
afterEach(async () => {
  await server.close()
})

const start = { type: 'start', name: 'demo', request: {} } as const
const follow = (from: number) => ({ type: 'subscribe', job: 'job-1', from }) as const

describe('messages', () => {
  it('carry calls and their answers', async () => {
    const client = await TestClient.open(server.url)
    expect((await client.ask({ type: 'call', name: 'program.about', request: {} })).result).toMatchObject({
      ok: true,
      value: { engine: 'wasm' },
    })
  })

  it.each([
    ['an unknown call', { type: 'call', name: 'toString', request: {} }, 'unknown-name'],
    ['an unknown job', { type: 'start', name: 'constructor', request: {} }, 'unknown-name'],
    ['an unknown type', { type: 'eval', id: 0 }, 'bad-message'],
    ['a field of the wrong type', { type: 'subscribe', job: 7, from: 0 }, 'bad-message'],
    ['a negative number', { type: 'subscribe', job: 'job-1', from: -1 }, 'bad-message'],
    ['a job that is not there', { type: 'subscribe', job: 'nobody', from: 0 }, 'unknown-job'],
  ])('%s is answered with a failure', async (_, message, code) => {
    const client = await TestClient.open(server.url)
    expect((await client.ask(message as never)).result).toMatchObject({ ok: false, failure: { kind: 'usage', code } })
  })

  it.each([
    ['what is not JSON', '{', 1007],
    ['binary', Buffer.from([1, 2]), 1003],
    ['what is too long', `"${'x'.repeat(1_100_000)}"`, 1009],
  ])('%s ends the line, and only that line', async (_, data, code) => {
    const client = await TestClient.open(server.url)
    client.socket.send(data)
    expect((await once(client.socket, 'close'))[0]).toBe(code)
    const next = await TestClient.open(server.url)
    expect((await next.ask({ type: 'call', name: 'jobs.list', request: {} })).result.ok).toBe(true)
  })
})

describe('events', () => {
  it('come from number n on, past ones first', async () => {
    const client = await TestClient.open(server.url)
    await client.ask(start)
    program.step(9)
    await client.ask(follow(6))
    program.step(2)
    await until(() => client.events().length === 6)
    expect(client.events()).toEqual([6, 7, 8, 9, 10, 11])
  })

  it('reach two clients', async () => {
    const [a, b] = [await TestClient.open(server.url), await TestClient.open(server.url)]
    await a.ask(start)
    await a.ask(follow(0))
    await b.ask(follow(2))
    program.step(3)
    await until(() => a.events().length === 4 && b.events().length === 2)
    await a.ask({ type: 'unsubscribe', job: 'job-1' })
    program.step(1)
    await until(() => b.events().length === 3)
    expect([a.events(), b.events()]).toEqual([
      [0, 1, 2, 3],
      [2, 3, 4],
    ])
  })

  it('go on after a client vanished and another one came', async () => {
    const first = await TestClient.open(server.url)
    await first.ask(start)
    await first.ask(follow(0))
    program.step(3)
    await until(() => first.events().length === 4)
    first.socket.terminate()
    program.step(3)
    const second = await TestClient.open(server.url)
    const list = await second.ask({ type: 'call', name: 'jobs.list', request: {} })
    expect(list.result).toMatchObject({ ok: true, value: [{ id: 'job-1', state: 'running', events: 7 }] })
    await second.ask(follow(4))
    expect(second.events()).toEqual([4, 5, 6])
  })

  it('wait in the program’s log, not in memory, while a client does not read', async () => {
    await server.close()
    program = createFakeProgram({ evaluations: 20_000 })
    server = await startServer(program, { page })
    const client = await TestClient.open(server.url)
    await client.ask(start)
    await client.ask(follow(0))
    client.socket.pause()
    const before = process.memoryUsage().rss
    // Some 7 MB of events: far more than the line holds.
    program.step(19_000)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(client.events().length).toBeLessThan(18_000)
    expect(process.memoryUsage().rss - before).toBeLessThan(100e6)
    client.socket.resume()
    await until(() => client.events().length === 19_001, 30_000)
    expect(client.events()).toEqual(Array.from({ length: 19_001 }, (_, n) => n))
  })
})

describe('closing', () => {
  it('interrupts jobs, tells clients, and frees the port', async () => {
    const client = await TestClient.open(server.url)
    await client.ask(start)
    await client.ask(follow(0))
    const closed = once(client.socket, 'close')
    await server.close()
    expect((await closed)[0]).toBe(1001)
    expect(program.closed).toBe(true)
    expect(client.messages.at(-1)).toMatchObject({ event: { type: 'failed', failure: { kind: 'interrupted' } } })
    await expect(fetch(server.url)).rejects.toThrow()
  })

  it('does not wait for ever for a program that hangs', async () => {
    const stuck = { ...createFakeProgram(), close: () => new Promise<void>(() => undefined) }
    const other = await startServer(stuck, { page, closeWithinMs: 50 })
    const client = await TestClient.open(other.url)
    client.socket.pause()
    const started = Date.now()
    await other.close()
    expect(Date.now() - started).toBeLessThan(3000)
    client.socket.terminate()
  })

  it('lets a client come back to a new server at the same address when the token is kept', async () => {
    const token = 'a-token-kept-across-restarts'
    const first = await startServer(createFakeProgram(), { page, token })
    const port = Number(new URL(first.url).port)
    await first.close()
    const second = await startServer(createFakeProgram(), { page, token, port })
    expect(second.url).toBe(first.url)
    const client = await TestClient.open(second.url)
    expect((await client.ask({ type: 'call', name: 'jobs.list', request: {} })).result.ok).toBe(true)
    await second.close()
  })
})
