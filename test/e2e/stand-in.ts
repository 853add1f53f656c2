import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { startServer, type RunningServer } from '../../src-main/serve/server'
import { createFakeProgram, type FakeOptions, type FakeProgram } from '../fixtures/fake-program'
import { launchBrowser, Window, type Theme } from './browser'

/** The real server in front of the stand-in program, for what takes the real one long to show. */
export class StandIn {
  browser!: Browser
  program!: FakeProgram
  private server: RunningServer | undefined

  get url(): string {
    return this.server!.url
  }

  get port(): number {
    return Number(new URL(this.url).port)
  }

  /** Of a file's tests: a browser for all of them; whatever server one has started is closed after it. */
  static forTests(): StandIn {
    const own = new StandIn()
    beforeAll(async () => void (own.browser = await launchBrowser()))
    afterAll(() => own.browser?.close())
    afterEach(() => own.close())
    return own
  }

  /** Serves a program: a new one, unless one is given. */
  async serve(program = createFakeProgram(), options: { token?: string; port?: number } = {}): Promise<void> {
    this.program = program
    this.server = await startServer(program, { closeWithinMs: 100, ...options })
  }

  /** A new program, and a window on it. */
  async open(options: FakeOptions = {}, room = 'search', theme: Theme = 'light'): Promise<Window> {
    await this.serve(createFakeProgram(options))
    return this.window(room, theme)
  }

  window(room = 'search', theme: Theme = 'light'): Promise<Window> {
    return Window.open(this.browser, this.url, theme, room)
  }

  async close(): Promise<void> {
    await this.server?.close()
  }
}
