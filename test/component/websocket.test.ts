import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { LineState } from '../../src-renderer/client/transport'
import { createWebSocketTransport } from '../../src-renderer/client/websocket'

class FakeSocket {
  onopen: (() => void) | null = null
  onclose: (() => void) | null = null
  onmessage: ((event: { data: string }) => void) | null = null
  closed = 0
  readyState: number = WebSocket.OPEN
  readonly sent: string[] = []
  send(text: string): void {
    this.sent.push(text)
  }
  close(): void {
    this.closed++
    this.onclose?.()
  }
}

let sockets: FakeSocket[]
let states: LineState[]
let messages: unknown[]
let refused: boolean

function transport() {
  const one = createWebSocketTransport({
    url: 'ws://here/line',
    isRefused: async () => refused,
    create: () => {
      const socket = new FakeSocket()
      sockets.push(socket)
      return socket as unknown as WebSocket
    },
  })
  one.open({ onState: (state) => states.push(state), onMessage: (message) => messages.push(message) })
  return one
}

beforeEach(() => {
  vi.useFakeTimers()
  sockets = []
  states = []
  messages = []
  refused = false
})
afterEach(() => vi.useRealTimers())

const last = () => sockets.at(-1)!

describe('the WebSocket', () => {
  it('is opened again ever more slowly, and quickly once more after it has been open', async () => {
    transport()
    const waits: number[] = []
    for (let i = 0; i < 7; i++) {
      const before = sockets.length
      last().onclose?.()
      let waited = 0
      for (; sockets.length === before; waited += 50) await vi.advanceTimersByTimeAsync(50)
      waits.push(waited)
    }
    expect(waits).toEqual([250, 500, 1000, 2000, 4000, 5000, 5000])
    last().onopen?.()
    last().onclose?.()
    const before = sockets.length
    await vi.advanceTimersByTimeAsync(300)
    expect(sockets.length).toBe(before + 1)
    expect(states).toEqual(['connecting', 'lost', 'open', 'lost'])
  })

  it('tells a refusal from silence', async () => {
    transport()
    last().onopen?.()
    refused = true
    last().onclose?.()
    await vi.advanceTimersByTimeAsync(0)
    expect(states).toEqual(['connecting', 'open', 'lost', 'refused'])
  })

  it('can be tried at once, but not twice', async () => {
    const one = transport()
    one.retryNow()
    expect(sockets).toHaveLength(1)
    last().onclose?.()
    await vi.advanceTimersByTimeAsync(0)
    one.retryNow()
    one.retryNow()
    expect(sockets).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(sockets).toHaveLength(2)
  })

  it('carries JSON, and starts afresh on anything else', () => {
    const one = transport()
    last().onopen?.()
    one.send({ type: 'unsubscribe', id: 1, job: 'a' })
    last().readyState = WebSocket.CLOSING
    one.send({ type: 'unsubscribe', id: 2, job: 'b' })
    last().onmessage?.({ data: '{"a":1}' })
    last().onmessage?.({ data: '{' })
    expect(last().sent).toEqual(['{"type":"unsubscribe","id":1,"job":"a"}'])
    expect(messages).toEqual([{ a: 1 }])
    expect(last().closed).toBe(1)
  })
})
