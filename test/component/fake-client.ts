import { createPinia } from 'pinia'
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { createApp, type Component } from 'vue'
import { createClient, type Client } from '../../src-renderer/client/client'
import type { LineState, Transport, TransportListener } from '../../src-renderer/client/transport'
import { provideClient } from '../../src-renderer/stores/client'
import { createSession, type Session } from '../../src-main/program/session'
import { createFakeProgram, type FakeOptions, type FakeProgram } from '../fixtures/fake-program'

/** A page's line to a stand-in program in the same process: the real client, wire and session. */
export class DirectLine implements Transport {
  listener!: TransportListener
  retries = 0
  private session: Session | undefined
  constructor(public program: FakeProgram) {}

  open(listener: TransportListener): void {
    this.listener = listener
    listener.onState('connecting')
  }
  send(message: unknown): void {
    this.session?.receive(structuredClone(message))
  }
  retryNow(): void {
    this.retries++
  }
  connect(): void {
    this.session = createSession(this.program, (message) => {
      this.listener.onMessage(structuredClone(message))
      return true
    })
    this.listener.onState('open')
  }
  break(state: LineState = 'lost'): void {
    this.session?.close()
    this.session = undefined
    this.listener.onState(state)
  }
}

export interface Setting {
  readonly line: DirectLine
  readonly client: Client
  readonly program: FakeProgram
}

export function setting(options: FakeOptions = {}): Setting {
  const program = createFakeProgram(options)
  const line = new DirectLine(program)
  return { line, client: createClient(line), program }
}

/** Runs a store outside any component. */
export function withStore<T>(client: Client, use: () => T): T {
  const app = provideClient(createApp({}), client).use(createPinia())
  return app.runWithContext(use)
}

export function mountWith(component: Component, client: Client): VueWrapper {
  const plugin = { install: (app: Parameters<typeof provideClient>[0]) => void provideClient(app, client) }
  return mount(component, { attachTo: document.body, global: { plugins: [createPinia(), plugin] } })
}

/** Until answers have come and events are folded. */
export async function settle(): Promise<void> {
  await flushPromises()
  await new Promise((resolve) => setTimeout(resolve, 60))
  await flushPromises()
}
