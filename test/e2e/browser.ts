import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { expect } from 'vitest'

export type Theme = 'light' | 'dark'

/** Chromium as a container's root can run it, and silent: it must not ask its maker for anything either. */
export function launchBrowser(): Promise<Browser> {
  const executablePath = process.env['CHROMIUM_PATH']
  if (!executablePath) throw new Error('CHROMIUM_PATH is not set; run the tests with: npm run test:e2e')
  const quiet = ['--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', ...quiet] })
}

/** A page of Lupine's, watched: requests to other origins and console errors are noted. */
export class Window {
  private constructor(
    readonly page: Page,
    private readonly context: BrowserContext,
    private readonly outside: string[],
    private readonly errors: string[],
  ) {}

  /** @param room as the address names it */
  static async open(browser: Browser, url: string, theme: Theme = 'light', room = 'search'): Promise<Window> {
    const { host } = new URL(url)
    const viewport = { width: 1280, height: 860 }
    const context = await browser.newContext({ viewport, colorScheme: theme, reducedMotion: 'reduce' })
    const page = await context.newPage()
    const [outside, errors]: [string[], string[]] = [[], []]
    const note = (address: string) => {
      if (new URL(address).protocol !== 'data:' && new URL(address).host !== host) outside.push(address)
    }
    page.on('request', (request) => note(request.url()))
    page.on('websocket', (socket) => note(socket.url()))
    page.on('pageerror', (error) => errors.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text())
    })
    await page.goto(`${url}#${room}`)
    return new Window(page, context, outside, errors)
  }

  /** The percentage of the current stage; undefined while it has none. */
  async percent(): Promise<number | undefined> {
    const bar = this.page.getByRole('progressbar')
    const value =
      (await bar.count()) > 0 ? await bar.getAttribute('aria-valuenow', { timeout: 1000 }).catch(() => '') : ''
    return value ? Number(value) : undefined
  }

  /** Keeps a picture when LUPINE_E2E_SHOTS names a folder. */
  async shot(name: string): Promise<void> {
    const folder = process.env['LUPINE_E2E_SHOTS']
    if (!folder) return
    await mkdir(folder, { recursive: true })
    await this.page.screenshot({ path: join(folder, `${name}.png`), fullPage: true })
  }

  /** @param expected console errors that belong to the test */
  async leave(expected?: RegExp): Promise<void> {
    await this.context.close()
    expect(this.outside, 'requests to other origins').toEqual([])
    expect(
      this.errors.filter((error) => !expected?.test(error)),
      'console errors',
    ).toEqual([])
  }
}
