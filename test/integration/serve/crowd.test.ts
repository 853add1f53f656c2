import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import type { ServerMessage } from '../../../src-main/contract/wire'
import { carrySession } from '../../../src-main/serve/line'
import { startServer } from '../../../src-main/serve/server'
import { createFakeProgram, type FakeProgram } from '../../fixtures/fake-program'
import { temporaryFolder } from '../../fixtures/temporary'
import { TestClient, until } from './client'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

/** A client and the server's end of its line, whose memory can be looked at. */
async function line(program: FakeProgram, stalledAfterMs: number) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
  await once(server, 'listening')
  const accepted = once(server, 'connection') as Promise<[WebSocket]>
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const messages: ServerMessage[] = []
  let bytes = 0
  socket.on('message', (data: Buffer) => {
    bytes += data.length
    messages.push(JSON.parse(data.toString()) as ServerMessage)
  })
  const [far] = await accepted
  carrySession(program, far, stalledAfterMs)
  await until(() => socket.readyState === socket.OPEN)
  closers.push(() => (socket.terminate(), server.close()))
  return { socket, far, messages, bytes: () => bytes }
}

describe('a reader that stalls', () => {
  it('costs a megabyte, and gets a snapshot with a mark where it missed something', async () => {
    const program = createFakeProgram({ evaluations: 30_000 })
    const { socket, far, messages, bytes } = await line(program, 100)
    socket.send(JSON.stringify({ type: 'start', id: 0, name: 'demo', request: {} }))
    await until(() => messages.length === 1)
    socket.send(JSON.stringify({ type: 'subscribe', id: 1, job: 'job-1', from: 0 }))
    await until(() => messages.length === 3)
    socket.pause()
    let most = 0
    for (let i = 0; i < 25; i++) {
      program.step(1000)
      await new Promise((resolve) => setTimeout(resolve, 5))
      most = Math.max(most, far.bufferedAmount)
    }
    expect(most).toBeLessThan(1.5 * 2 ** 20)
    const last = 25_000
    socket.resume()
    await until(() => messages.some((one) => one.type === 'gap'), 10_000)
    program.step(1)
    await until(() => messages.at(-1)?.type === 'event' && messages.at(-1), 10_000)
    const gaps = messages.flatMap((one) => (one.type === 'gap' ? [one] : []))
    const numbers = messages.flatMap((one) =>
      one.type === 'event' ? [one.event.n] : one.type === 'gap' ? one.kept.map(({ n }) => n) : [],
    )
    expect(gaps).toHaveLength(1)
    expect(gaps[0]!.to).toBe(last + 1)
    expect(gaps[0]!.kept.length).toBeLessThan(1500)
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b))
    expect(numbers.filter((n) => n < gaps[0]!.from)).toHaveLength(gaps[0]!.from)
    expect(numbers.at(-1)).toBe(last + 1)
    // All that was ever sent, kernels' buffers included.
    expect(bytes()).toBeLessThan(12 * 2 ** 20)
  })
})

it('windows are too many from the thirty-third on', async () => {
  const page = temporaryFolder('crowd')
  writeFileSync(join(page, 'index.html'), '<!doctype html>')
  const server = await startServer(createFakeProgram(), { page })
  closers.push(() => server.close())
  const clients = await Promise.all(Array.from({ length: 32 }, () => TestClient.open(server.url)))
  await expect(TestClient.open(server.url)).rejects.toThrow('503')
  clients[0]!.socket.terminate()
  await expect
    .poll(() =>
      TestClient.open(server.url).then(
        () => true,
        () => false,
      ),
    )
    .toBe(true)
})
