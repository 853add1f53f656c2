/** A job asks, and whoever sits at a window answers: against an ssh server in this process. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { OpenQuestion } from '../../../src-main/contract'
import { createProgram } from '../../../src-main/program/create'
import { startServer, type RunningServer } from '../../../src-main/serve/server'
import { boardServer, type BoardServer } from '../../fixtures/board/ssh-server'
import { temporaryFolder } from '../../fixtures/temporary'
import { TestClient, until } from './client'

let board: BoardServer
let server: RunningServer
let model: string
const folder = temporaryFolder('questions')

beforeAll(async () => {
  process.env['HOME'] = folder
  process.env['XDG_CONFIG_HOME'] = join(folder, 'config')
  delete process.env['LUPINE_PASSWORD']
  board = await boardServer({ home: temporaryFolder('questions-board'), shim: () => 'exit 127' })
  mkdirSync(join(folder, 'page'))
  writeFileSync(join(folder, 'page/index.html'), '<!doctype html>')
  const program = createProgram({ windows: { roots: [folder], recent: join(folder, 'recent.json') } })
  server = await startServer(program, { page: join(folder, 'page') })
})
afterAll(async () => {
  await server.close()
  await board.close()
})

const questions = (client: TestClient): OpenQuestion[] =>
  client.messages.flatMap((one) => (one.type === 'question' ? [one.question] : []))
const failureOf = (client: TestClient, job: string) => {
  const last = client.messages.findLast((one) => one.type === 'event' && one.event.job === job)
  return last?.type === 'event' && last.event.type === 'failed' ? last.event.failure : undefined
}

async function profile(client: TestClient): Promise<string> {
  const places = await client.ask({ type: 'call', name: 'files.places', request: {} })
  model = (places.result as { value: { sample: { id: string } } }).value.sample.id
  const request = { model, device: `ssh://pi@127.0.0.1:${board.port}` }
  const { result } = await client.ask({ type: 'start', name: 'profile', request })
  const { id } = (result as { value: { id: string } }).value
  await client.ask({ type: 'subscribe', job: id, from: 0 })
  return id
}

it('asks every window, takes the first answer, and goes on with it', async () => {
  const [first, second] = [await TestClient.open(server.url), await TestClient.open(server.url)]
  const job = await profile(first)
  const trust = await until(() => questions(first)[0])
  expect(trust).toMatchObject({ kind: 'trust', canRemember: false })
  expect(trust.text).toContain('is new here')
  await until(() => questions(second).length === 1)
  // One that comes later hears of what still stands.
  const third = await TestClient.open(server.url)
  await until(() => questions(third).length === 1)
  await second.ask({ type: 'reply', question: trust.id, answer: 'yes' })
  await until(() => first.messages.some((one) => one.type === 'settled' && one.question === trust.id))
  const late = await first.ask({ type: 'reply', question: trust.id, answer: 'no' })
  expect(late.result).toMatchObject({ ok: false, failure: { code: 'not-asked' } })
  const password = await until(() => questions(first)[1])
  expect(password).toMatchObject({ kind: 'password', text: expect.stringContaining('pi@127.0.0.1') })
  await first.ask({ type: 'reply', question: password.id, answer: 'raspberry' })
  // It got in: what fails now is that this board has no Python.
  const failure = await until(() => failureOf(first, job), 15_000)
  expect(failure.kind).toBe('device')
  expect(board.commands.length).toBeGreaterThan(0)
  expect(JSON.stringify([...first.messages, ...second.messages])).not.toContain('raspberry')
})

it('takes nobody’s answer for no, and withdraws the question of a job that was stopped', async () => {
  const client = await TestClient.open(server.url)
  const refused = await profile(client)
  const asked = await until(() => questions(client)[0])
  await client.ask({ type: 'reply', question: asked.id, answer: null })
  expect((await until(() => failureOf(client, refused), 15_000)).code).toMatch(/^(login|board|ssh)/)
  const stopped = await profile(client)
  const standing = await until(() => questions(client)[1])
  await client.ask({ type: 'call', name: 'jobs.cancel', request: { job: stopped } })
  await until(() => client.messages.some((one) => one.type === 'settled' && one.question === standing.id))
  expect((await until(() => failureOf(client, stopped), 15_000)).code).toBe('interrupted')
})
