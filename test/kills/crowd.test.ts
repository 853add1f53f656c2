import { writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { startServer } from '../../src-main/serve/server'
import { createFakeProgram } from '../fixtures/fake-program'
import { temporaryFolder } from '../fixtures/temporary'
import { get, TestClient, tokenOf } from '../integration/serve/client'

it('ten thousand connections leave the window that is there alone, and go away again', async () => {
  const page = temporaryFolder('crowd')
  writeFileSync(join(page, 'index.html'), '<!doctype html>')
  const server = await startServer(createFakeProgram(), { page })
  const { hostname, port } = new URL(server.url)
  const client = await TestClient.open(server.url)
  const held: Socket[] = []
  let refused = 0
  for (let batch = 0; batch < 20; batch++) {
    const sockets = Array.from({ length: 500 }, () => connect(Number(port), hostname))
    await Promise.all(
      sockets.map(
        (socket) =>
          new Promise<void>((resolve) => {
            socket.on('error', () => undefined)
            socket.once('close', () => (refused++, resolve()))
            // Nothing more is said on it: what is open after a moment stays open.
            socket.once('connect', () => setTimeout(resolve, 150))
          }),
      ),
    )
    held.push(...sockets)
  }
  await expect.poll(() => refused, { timeout: 10_000 }).toBeGreaterThan(10_000 - 257)
  expect((await client.ask({ type: 'call', name: 'jobs.list', request: {} })).result.ok).toBe(true)
  for (const socket of held) socket.destroy()
  const authorization = `Bearer ${tokenOf(server.url)}`
  const again = async () => (await get(server.url, '/', { authorization }).catch(() => undefined))?.status
  await expect.poll(again).toBe(200)
  await server.close()
})
